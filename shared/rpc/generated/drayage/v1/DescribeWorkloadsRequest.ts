// Original file: proto/agent.proto

import type { Choices as _drayage_v1_Choices, Choices__Output as _drayage_v1_Choices__Output } from '../../drayage/v1/Choices.ts';

export interface DescribeWorkloadsRequest {
  'containers'?: (string)[];
  'measureVolumes'?: (boolean);
  'choices'?: (_drayage_v1_Choices | null);
}

export interface DescribeWorkloadsRequest__Output {
  'containers': (string)[];
  'measureVolumes': (boolean);
  'choices': (_drayage_v1_Choices__Output | null);
}
