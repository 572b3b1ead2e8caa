// Original file: proto/archive.proto


export interface ListDirectoryRequest {
  'volume'?: (string);
  'path'?: (Buffer | Uint8Array | string);
  'after'?: (Buffer | Uint8Array | string);
  'limit'?: (number);
}

export interface ListDirectoryRequest__Output {
  'volume': (string);
  'path': (Buffer);
  'after': (Buffer);
  'limit': (number);
}
