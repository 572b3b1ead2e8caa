// Original file: proto/agent.proto


export interface DescribeWorkloadRequest {
  'container'?: (string);
  'measureVolumes'?: (boolean);
}

export interface DescribeWorkloadRequest__Output {
  'container': (string);
  'measureVolumes': (boolean);
}
