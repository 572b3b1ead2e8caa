// Original file: proto/agent.proto

import type { Long } from '@grpc/proto-loader';

export interface GrantEpochReply {
  'previousEpoch'?: (number | string | Long);
}

export interface GrantEpochReply__Output {
  'previousEpoch': (number);
}
