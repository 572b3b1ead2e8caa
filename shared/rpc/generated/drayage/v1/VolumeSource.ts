// Original file: proto/archive.proto

import type { Peer as _drayage_v1_Peer, Peer__Output as _drayage_v1_Peer__Output } from '../../drayage/v1/Peer.ts';

export interface VolumeSource {
  'peer'?: (_drayage_v1_Peer | null);
  'volume'?: (string);
}

export interface VolumeSource__Output {
  'peer': (_drayage_v1_Peer__Output | null);
  'volume': (string);
}
