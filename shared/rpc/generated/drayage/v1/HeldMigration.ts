// Original file: proto/agent.proto

import type { Long } from '@grpc/proto-loader';

export interface HeldMigration {
  'migrationId'?: (string);
  'workloadId'?: (string);
  'epoch'?: (number | string | Long);
  'role'?: (string);
  'peerHost'?: (string);
  'containerId'?: (string);
  'containerName'?: (string);
  'effects'?: (string)[];
}

export interface HeldMigration__Output {
  'migrationId': (string);
  'workloadId': (string);
  'epoch': (number);
  'role': (string);
  'peerHost': (string);
  'containerId': (string);
  'containerName': (string);
  'effects': (string)[];
}
