// Original file: proto/coordinator.proto


export interface ArchivePiece {
  'tar'?: (Buffer | Uint8Array | string);
}

export interface ArchivePiece__Output {
  'tar': (Buffer);
}
