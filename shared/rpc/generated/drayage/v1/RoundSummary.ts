// Original file: proto/transfer.proto

import type { SkippedEntry as _drayage_v1_SkippedEntry, SkippedEntry__Output as _drayage_v1_SkippedEntry__Output } from '../../drayage/v1/SkippedEntry.ts';
import type { Long } from '@grpc/proto-loader';

export interface RoundSummary {
  'entries'?: (number | string | Long);
  'contentBytes'?: (number | string | Long);
  'tarBytes'?: (number | string | Long);
  'digest'?: (string);
  'skipped'?: (_drayage_v1_SkippedEntry)[];
  'volumeBytes'?: (number | string | Long);
  'changedEntries'?: (number | string | Long);
}

export interface RoundSummary__Output {
  'entries': (number);
  'contentBytes': (number);
  'tarBytes': (number);
  'digest': (string);
  'skipped': (_drayage_v1_SkippedEntry__Output)[];
  'volumeBytes': (number);
  'changedEntries': (number);
}
