// Original file: proto/archive.proto

import type { Long } from '@grpc/proto-loader';

export interface FilePiece {
  'size'?: (number | string | Long);
  'content'?: (Buffer | Uint8Array | string);
}

export interface FilePiece__Output {
  'size': (number);
  'content': (Buffer);
}
