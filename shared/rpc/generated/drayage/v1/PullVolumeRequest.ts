// Original file: proto/transfer.proto


export interface PullVolumeRequest {
  'migrationId'?: (string);
  'volume'?: (string);
  'round'?: (number);
  'final'?: (boolean);
  'rootIdentity'?: (string);
}

export interface PullVolumeRequest__Output {
  'migrationId': (string);
  'volume': (string);
  'round': (number);
  'final': (boolean);
  'rootIdentity': (string);
}
