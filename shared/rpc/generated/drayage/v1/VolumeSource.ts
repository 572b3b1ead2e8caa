// Original file: proto/archive.proto

import type { Peer as _drayage_v1_Peer, Peer__Output as _drayage_v1_Peer__Output } from '../../drayage/v1/Peer.ts';
import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from '../../drayage/v1/Ticket.ts';

export interface VolumeSource {
  'peer'?: (_drayage_v1_Peer | null);
  'volume'?: (string);
  'ticket'?: (_drayage_v1_Ticket | null);
}

export interface VolumeSource__Output {
  'peer': (_drayage_v1_Peer__Output | null);
  'volume': (string);
  'ticket': (_drayage_v1_Ticket__Output | null);
}
