// Original file: proto/agent.proto

import type { Peer as _drayage_v1_Peer, Peer__Output as _drayage_v1_Peer__Output } from '../../drayage/v1/Peer.ts';
import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from '../../drayage/v1/Ticket.ts';
import type { Long } from '@grpc/proto-loader';

export interface MeasureLineRequest {
  'transferId'?: (string);
  'source'?: (_drayage_v1_Peer | null);
  'bytesPerSecond'?: (number | string | Long);
  'ticket'?: (_drayage_v1_Ticket | null);
}

export interface MeasureLineRequest__Output {
  'transferId': (string);
  'source': (_drayage_v1_Peer__Output | null);
  'bytesPerSecond': (number);
  'ticket': (_drayage_v1_Ticket__Output | null);
}
