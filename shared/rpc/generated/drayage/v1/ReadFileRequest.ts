// Original file: proto/archive.proto

import type { Long } from '@grpc/proto-loader';

export interface ReadFileRequest {
  'volume'?: (string);
  'path'?: (Buffer | Uint8Array | string);
  'offset'?: (number | string | Long);
  'length'?: (number | string | Long);
  '_length'?: "length";
}

export interface ReadFileRequest__Output {
  'volume': (string);
  'path': (Buffer);
  'offset': (number);
  'length'?: (number);
  '_length'?: "length";
}
