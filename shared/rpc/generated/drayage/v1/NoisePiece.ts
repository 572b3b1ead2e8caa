// Original file: proto/transfer.proto


export interface NoisePiece {
  'noise'?: (Buffer | Uint8Array | string);
}

export interface NoisePiece__Output {
  'noise': (Buffer);
}
