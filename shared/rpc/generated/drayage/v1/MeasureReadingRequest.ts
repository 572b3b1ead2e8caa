// Original file: proto/agent.proto

import type { Choices as _drayage_v1_Choices, Choices__Output as _drayage_v1_Choices__Output } from '../../drayage/v1/Choices.ts';

export interface MeasureReadingRequest {
  'containers'?: (string)[];
  'choices'?: (_drayage_v1_Choices | null);
}

export interface MeasureReadingRequest__Output {
  'containers': (string)[];
  'choices': (_drayage_v1_Choices__Output | null);
}
