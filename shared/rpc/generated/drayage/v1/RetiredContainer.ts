// Original file: proto/agent.proto

import type { Long } from '@grpc/proto-loader';

export interface RetiredContainer {
  'workloadId'?: (string);
  'migrationId'?: (string);
  'epoch'?: (number | string | Long);
  'containerId'?: (string);
  'containerName'?: (string);
  'movedTo'?: (string);
  'retiredAt'?: (string);
  'partial'?: (string);
}

export interface RetiredContainer__Output {
  'workloadId': (string);
  'migrationId': (string);
  'epoch': (number);
  'containerId': (string);
  'containerName': (string);
  'movedTo': (string);
  'retiredAt': (string);
  'partial': (string);
}
