// Original file: proto/archive.proto

import type { CopyRead as _drayage_v1_CopyRead, CopyRead__Output as _drayage_v1_CopyRead__Output } from '../../drayage/v1/CopyRead.ts';
import type { Long } from '@grpc/proto-loader';

export interface CopyReport {
  'bytes'?: (number | string | Long);
  'read'?: (_drayage_v1_CopyRead | null);
}

export interface CopyReport__Output {
  'bytes': (number);
  'read': (_drayage_v1_CopyRead__Output | null);
}
