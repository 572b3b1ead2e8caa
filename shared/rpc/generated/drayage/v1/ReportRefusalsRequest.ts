// Original file: proto/coordinator.proto

import type { Refusal as _drayage_v1_Refusal, Refusal__Output as _drayage_v1_Refusal__Output } from '../../drayage/v1/Refusal.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReportRefusalsRequest {
  'refusals'?: (_drayage_v1_Refusal)[];
  'untold'?: (number | string | Long);
}

export interface ReportRefusalsRequest__Output {
  'refusals': (_drayage_v1_Refusal__Output)[];
  'untold': (number);
}
