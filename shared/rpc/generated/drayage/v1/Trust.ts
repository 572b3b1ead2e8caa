// Original file: proto/coordinator.proto


export interface Trust {
  'version'?: (string);
  'revokedKeys'?: (string)[];
}

export interface Trust__Output {
  'version': (string);
  'revokedKeys': (string)[];
}
