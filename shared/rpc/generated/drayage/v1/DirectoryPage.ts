// Original file: proto/archive.proto

import type { DirectoryEntry as _drayage_v1_DirectoryEntry, DirectoryEntry__Output as _drayage_v1_DirectoryEntry__Output } from '../../drayage/v1/DirectoryEntry.ts';

export interface DirectoryPage {
  'entries'?: (_drayage_v1_DirectoryEntry)[];
  'more'?: (boolean);
}

export interface DirectoryPage__Output {
  'entries': (_drayage_v1_DirectoryEntry__Output)[];
  'more': (boolean);
}
