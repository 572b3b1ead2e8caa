// Original file: proto/transfer.proto


export interface CompressedPiece {
  'bytes'?: (number);
  'zstd'?: (Buffer | Uint8Array | string);
}

export interface CompressedPiece__Output {
  'bytes': (number);
  'zstd': (Buffer);
}
