// Original file: proto/coordinator.proto


export interface HeldAuthorities {
  'trusted'?: (string)[];
  'certifiedBy'?: (string);
}

export interface HeldAuthorities__Output {
  'trusted': (string)[];
  'certifiedBy': (string);
}
