// Original file: proto/agent.proto

import type { VolumeResult as _drayage_v1_VolumeResult, VolumeResult__Output as _drayage_v1_VolumeResult__Output } from '../../drayage/v1/VolumeResult.ts';
import type { Long } from '@grpc/proto-loader';

export interface VolumeProgress {
  'bytes'?: (number | string | Long);
  'entries'?: (number | string | Long);
  'result'?: (_drayage_v1_VolumeResult | null);
}

export interface VolumeProgress__Output {
  'bytes': (number);
  'entries': (number);
  'result': (_drayage_v1_VolumeResult__Output | null);
}
