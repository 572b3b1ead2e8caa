// Original file: proto/coordinator.proto


export interface Refusal {
  'at'?: (string);
  'method'?: (string);
  'caller'?: (string);
  'address'?: (string);
  'code'?: (string);
  'subject'?: (string);
}

export interface Refusal__Output {
  'at': (string);
  'method': (string);
  'caller': (string);
  'address': (string);
  'code': (string);
  'subject': (string);
}
