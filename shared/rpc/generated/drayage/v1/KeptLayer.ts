// Original file: proto/agent.proto

import type { Image as _drayage_v1_Image, Image__Output as _drayage_v1_Image__Output } from '../../drayage/v1/Image.ts';

export interface KeptLayer {
  'image'?: (_drayage_v1_Image | null);
}

export interface KeptLayer__Output {
  'image': (_drayage_v1_Image__Output | null);
}
