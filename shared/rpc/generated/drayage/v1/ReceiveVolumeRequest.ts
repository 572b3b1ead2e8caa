// Original file: proto/agent.proto

import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from '../../drayage/v1/Lease.ts';
import type { Peer as _drayage_v1_Peer, Peer__Output as _drayage_v1_Peer__Output } from '../../drayage/v1/Peer.ts';
import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from '../../drayage/v1/Ticket.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReceiveVolumeRequest {
  'lease'?: (_drayage_v1_Lease | null);
  'volume'?: (string);
  'source'?: (_drayage_v1_Peer | null);
  'round'?: (number);
  'final'?: (boolean);
  'rootIdentity'?: (string);
  'devices'?: (string);
  'verification'?: (string);
  'bytesPerSecond'?: (number | string | Long);
  'compression'?: (string);
  'ticket'?: (_drayage_v1_Ticket | null);
}

export interface ReceiveVolumeRequest__Output {
  'lease': (_drayage_v1_Lease__Output | null);
  'volume': (string);
  'source': (_drayage_v1_Peer__Output | null);
  'round': (number);
  'final': (boolean);
  'rootIdentity': (string);
  'devices': (string);
  'verification': (string);
  'bytesPerSecond': (number);
  'compression': (string);
  'ticket': (_drayage_v1_Ticket__Output | null);
}
