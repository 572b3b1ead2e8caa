// Original file: proto/agent.proto

import type { Long } from '@grpc/proto-loader';

export interface HeldEpoch {
  'workloadId'?: (string);
  'epoch'?: (number | string | Long);
  'migrationId'?: (string);
}

export interface HeldEpoch__Output {
  'workloadId': (string);
  'epoch': (number);
  'migrationId': (string);
}
