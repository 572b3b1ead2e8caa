import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from './drayage/v1/Ticket.ts';
import type { TicketStatement as _drayage_v1_TicketStatement, TicketStatement__Output as _drayage_v1_TicketStatement__Output } from './drayage/v1/TicketStatement.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  drayage: {
    v1: {
      Ticket: MessageTypeDefinition<_drayage_v1_Ticket, _drayage_v1_Ticket__Output>
      TicketStatement: MessageTypeDefinition<_drayage_v1_TicketStatement, _drayage_v1_TicketStatement__Output>
    }
  }
}

