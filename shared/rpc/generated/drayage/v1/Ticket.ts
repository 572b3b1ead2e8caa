// Original file: proto/ticket.proto


export interface Ticket {
  'statement'?: (Buffer | Uint8Array | string);
  'signature'?: (Buffer | Uint8Array | string);
  'certificate'?: (Buffer | Uint8Array | string);
}

export interface Ticket__Output {
  'statement': (Buffer);
  'signature': (Buffer);
  'certificate': (Buffer);
}
