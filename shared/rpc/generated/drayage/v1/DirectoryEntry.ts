// Original file: proto/archive.proto

import type { Long } from '@grpc/proto-loader';

export interface DirectoryEntry {
  'name'?: (Buffer | Uint8Array | string);
  'type'?: (string);
  'permissions'?: (number);
  'uid'?: (number);
  'gid'?: (number);
  'size'?: (number | string | Long);
  'diskBytes'?: (number | string | Long);
  'modifiedSeconds'?: (number | string | Long);
  'modifiedNanoseconds'?: (number);
  'link'?: (Buffer | Uint8Array | string);
}

export interface DirectoryEntry__Output {
  'name': (Buffer);
  'type': (string);
  'permissions': (number);
  'uid': (number);
  'gid': (number);
  'size': (number);
  'diskBytes': (number);
  'modifiedSeconds': (number);
  'modifiedNanoseconds': (number);
  'link': (Buffer);
}
