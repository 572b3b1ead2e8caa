// Original file: proto/agent.proto

import type { Choices as _drayage_v1_Choices, Choices__Output as _drayage_v1_Choices__Output } from '../../drayage/v1/Choices.ts';

export interface DescribeWorkloadRequest {
  'container'?: (string);
  'measureVolumes'?: (boolean);
  'choices'?: (_drayage_v1_Choices | null);
  'together'?: (string)[];
  'measured'?: (string)[];
}

export interface DescribeWorkloadRequest__Output {
  'container': (string);
  'measureVolumes': (boolean);
  'choices': (_drayage_v1_Choices__Output | null);
  'together': (string)[];
  'measured': (string)[];
}
