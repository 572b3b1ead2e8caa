// Original file: proto/agent.proto

import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from '../../drayage/v1/Lease.ts';
import type { Image as _drayage_v1_Image, Image__Output as _drayage_v1_Image__Output } from '../../drayage/v1/Image.ts';
import type { Peer as _drayage_v1_Peer, Peer__Output as _drayage_v1_Peer__Output } from '../../drayage/v1/Peer.ts';
import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from '../../drayage/v1/Ticket.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReceiveImageRequest {
  'lease'?: (_drayage_v1_Lease | null);
  'image'?: (_drayage_v1_Image | null);
  'source'?: (_drayage_v1_Peer | null);
  'bytesPerSecond'?: (number | string | Long);
  'ticket'?: (_drayage_v1_Ticket | null);
  'isLayer'?: (boolean);
  'pull'?: (boolean);
}

export interface ReceiveImageRequest__Output {
  'lease': (_drayage_v1_Lease__Output | null);
  'image': (_drayage_v1_Image__Output | null);
  'source': (_drayage_v1_Peer__Output | null);
  'bytesPerSecond': (number);
  'ticket': (_drayage_v1_Ticket__Output | null);
  'isLayer': (boolean);
  'pull': (boolean);
}
