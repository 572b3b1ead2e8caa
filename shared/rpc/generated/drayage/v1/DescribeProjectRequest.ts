// Original file: proto/agent.proto


export interface DescribeProjectRequest {
  'project'?: (string);
}

export interface DescribeProjectRequest__Output {
  'project': (string);
}
