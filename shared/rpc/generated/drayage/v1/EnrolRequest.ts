// Original file: proto/coordinator.proto


export interface EnrolRequest {
  'token'?: (string);
  'csr'?: (Buffer | Uint8Array | string);
}

export interface EnrolRequest__Output {
  'token': (string);
  'csr': (Buffer);
}
