// Original file: proto/agent.proto

import type { Finding as _drayage_v1_Finding, Finding__Output as _drayage_v1_Finding__Output } from '../../drayage/v1/Finding.ts';
import type { Long } from '@grpc/proto-loader';

export interface VolumeResult {
  'entries'?: (number | string | Long);
  'bytesSent'?: (number | string | Long);
  'contentBytes'?: (number | string | Long);
  'sourceDigest'?: (string);
  'targetDigest'?: (string);
  'skipped'?: (_drayage_v1_Finding)[];
  'changedEntries'?: (number | string | Long);
  'changedBytes'?: (number | string | Long);
  'rereadBytes'?: (number | string | Long);
  'rereadMs'?: (number | string | Long);
  'rereadDiffering'?: (string)[];
}

export interface VolumeResult__Output {
  'entries': (number);
  'bytesSent': (number);
  'contentBytes': (number);
  'sourceDigest': (string);
  'targetDigest': (string);
  'skipped': (_drayage_v1_Finding__Output)[];
  'changedEntries': (number);
  'changedBytes': (number);
  'rereadBytes': (number);
  'rereadMs': (number);
  'rereadDiffering': (string)[];
}
