// Original file: proto/agent.proto

import type { Long } from '@grpc/proto-loader';

export interface BroughtBack {
  'workloadId'?: (string);
  'migrationId'?: (string);
  'epoch'?: (number | string | Long);
  'containerId'?: (string);
  'containerName'?: (string);
  'movedTo'?: (string);
  'startedAt'?: (string);
  'doneAt'?: (string);
}

export interface BroughtBack__Output {
  'workloadId': (string);
  'migrationId': (string);
  'epoch': (number);
  'containerId': (string);
  'containerName': (string);
  'movedTo': (string);
  'startedAt': (string);
  'doneAt': (string);
}
