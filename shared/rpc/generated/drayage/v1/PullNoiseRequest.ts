// Original file: proto/transfer.proto

import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from '../../drayage/v1/Ticket.ts';
import type { Long } from '@grpc/proto-loader';

export interface PullNoiseRequest {
  'transferId'?: (string);
  'bytesPerSecond'?: (number | string | Long);
  'ticket'?: (_drayage_v1_Ticket | null);
}

export interface PullNoiseRequest__Output {
  'transferId': (string);
  'bytesPerSecond': (number);
  'ticket': (_drayage_v1_Ticket__Output | null);
}
