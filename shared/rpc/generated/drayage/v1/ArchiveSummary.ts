// Original file: proto/archive.proto

import type { SkippedEntry as _drayage_v1_SkippedEntry, SkippedEntry__Output as _drayage_v1_SkippedEntry__Output } from '../../drayage/v1/SkippedEntry.ts';
import type { Long } from '@grpc/proto-loader';

export interface ArchiveSummary {
  'entries'?: (number | string | Long);
  'contentBytes'?: (number | string | Long);
  'archiveBytes'?: (number | string | Long);
  'archiveSha256'?: (string);
  'digest'?: (string);
  'skipped'?: (_drayage_v1_SkippedEntry)[];
  'skippedEntries'?: (number | string | Long);
}

export interface ArchiveSummary__Output {
  'entries': (number);
  'contentBytes': (number);
  'archiveBytes': (number);
  'archiveSha256': (string);
  'digest': (string);
  'skipped': (_drayage_v1_SkippedEntry__Output)[];
  'skippedEntries': (number);
}
