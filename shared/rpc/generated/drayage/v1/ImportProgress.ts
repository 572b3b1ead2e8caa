// Original file: proto/archive.proto

import type { Long } from '@grpc/proto-loader';

export interface ImportProgress {
  'bytes'?: (number | string | Long);
  'entries'?: (number | string | Long);
}

export interface ImportProgress__Output {
  'bytes': (number);
  'entries': (number);
}
