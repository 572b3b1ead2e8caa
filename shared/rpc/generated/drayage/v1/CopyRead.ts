// Original file: proto/archive.proto

import type { Long } from '@grpc/proto-loader';

export interface CopyRead {
  'digest'?: (string);
  'entries'?: (number | string | Long);
  'contentBytes'?: (number | string | Long);
  'differing'?: (string)[];
}

export interface CopyRead__Output {
  'digest': (string);
  'entries': (number);
  'contentBytes': (number);
  'differing': (string)[];
}
