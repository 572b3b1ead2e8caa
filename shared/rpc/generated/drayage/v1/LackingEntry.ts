// Original file: proto/transfer.proto


export interface LackingEntry {
  'path'?: (Buffer | Uint8Array | string);
  'blocks'?: (number)[];
}

export interface LackingEntry__Output {
  'path': (Buffer);
  'blocks': (number)[];
}
