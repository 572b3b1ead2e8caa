// Original file: proto/archive.proto

import type { ArchiveSummary as _drayage_v1_ArchiveSummary, ArchiveSummary__Output as _drayage_v1_ArchiveSummary__Output } from '../../drayage/v1/ArchiveSummary.ts';

export interface ImportedVolume {
  'created'?: (boolean);
  'summary'?: (_drayage_v1_ArchiveSummary | null);
}

export interface ImportedVolume__Output {
  'created': (boolean);
  'summary': (_drayage_v1_ArchiveSummary__Output | null);
}
