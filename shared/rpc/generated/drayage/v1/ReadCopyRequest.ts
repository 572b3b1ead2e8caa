// Original file: proto/archive.proto


export interface ReadCopyRequest {
  'migrationId'?: (string);
  'volume'?: (string);
  'side'?: (string);
  'devices'?: (string);
  'expectedDigest'?: (string);
}

export interface ReadCopyRequest__Output {
  'migrationId': (string);
  'volume': (string);
  'side': (string);
  'devices': (string);
  'expectedDigest': (string);
}
