// Original file: proto/agent.proto


export interface DescribeStandingRequest {
}

export interface DescribeStandingRequest__Output {
}
