// Original file: proto/coordinator.proto


export interface Trust {
  'version'?: (string);
  'revokedKeys'?: (string)[];
  'authorities'?: (string)[];
}

export interface Trust__Output {
  'version': (string);
  'revokedKeys': (string)[];
  'authorities': (string)[];
}
