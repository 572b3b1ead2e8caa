// Original file: proto/archive.proto

import type { Long } from '@grpc/proto-loader';

export interface RemovalReport {
  'bytes'?: (number | string | Long);
  'removed'?: (boolean);
}

export interface RemovalReport__Output {
  'bytes': (number);
  'removed': (boolean);
}
