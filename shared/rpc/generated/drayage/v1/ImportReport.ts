// Original file: proto/archive.proto

import type { ImportReady as _drayage_v1_ImportReady, ImportReady__Output as _drayage_v1_ImportReady__Output } from '../../drayage/v1/ImportReady.ts';
import type { ImportProgress as _drayage_v1_ImportProgress, ImportProgress__Output as _drayage_v1_ImportProgress__Output } from '../../drayage/v1/ImportProgress.ts';
import type { ImportedVolume as _drayage_v1_ImportedVolume, ImportedVolume__Output as _drayage_v1_ImportedVolume__Output } from '../../drayage/v1/ImportedVolume.ts';

export interface ImportReport {
  'ready'?: (_drayage_v1_ImportReady | null);
  'progress'?: (_drayage_v1_ImportProgress | null);
  'imported'?: (_drayage_v1_ImportedVolume | null);
  'report'?: "ready"|"progress"|"imported";
}

export interface ImportReport__Output {
  'ready'?: (_drayage_v1_ImportReady__Output | null);
  'progress'?: (_drayage_v1_ImportProgress__Output | null);
  'imported'?: (_drayage_v1_ImportedVolume__Output | null);
  'report'?: "ready"|"progress"|"imported";
}
