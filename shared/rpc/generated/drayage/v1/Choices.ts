// Original file: proto/agent.proto

import type { PublishedPort as _drayage_v1_PublishedPort, PublishedPort__Output as _drayage_v1_PublishedPort__Output } from '../../drayage/v1/PublishedPort.ts';

export interface Choices {
  'writableLayer'?: (string);
  'publish'?: (_drayage_v1_PublishedPort)[];
  'binds'?: (string);
}

export interface Choices__Output {
  'writableLayer': (string);
  'publish': (_drayage_v1_PublishedPort__Output)[];
  'binds': (string);
}
