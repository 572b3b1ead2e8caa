// Original file: proto/agent.proto

import type { Long } from '@grpc/proto-loader';

export interface Lease {
  'migrationId'?: (string);
  'workloadId'?: (string);
  'epoch'?: (number | string | Long);
}

export interface Lease__Output {
  'migrationId': (string);
  'workloadId': (string);
  'epoch': (number);
}
