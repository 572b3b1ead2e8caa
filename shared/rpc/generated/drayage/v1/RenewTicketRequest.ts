// Original file: proto/coordinator.proto

import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from '../../drayage/v1/Ticket.ts';

export interface RenewTicketRequest {
  'ticket'?: (_drayage_v1_Ticket | null);
}

export interface RenewTicketRequest__Output {
  'ticket': (_drayage_v1_Ticket__Output | null);
}
