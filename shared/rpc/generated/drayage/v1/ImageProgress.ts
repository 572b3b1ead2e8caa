// Original file: proto/agent.proto

import type { ReceivedImage as _drayage_v1_ReceivedImage, ReceivedImage__Output as _drayage_v1_ReceivedImage__Output } from '../../drayage/v1/ReceivedImage.ts';
import type { Long } from '@grpc/proto-loader';

export interface ImageProgress {
  'bytes'?: (number | string | Long);
  'done'?: (_drayage_v1_ReceivedImage | null);
}

export interface ImageProgress__Output {
  'bytes': (number);
  'done': (_drayage_v1_ReceivedImage__Output | null);
}
