// Original file: proto/transfer.proto


export interface ImagePiece {
  'archive'?: (Buffer | Uint8Array | string);
}

export interface ImagePiece__Output {
  'archive': (Buffer);
}
