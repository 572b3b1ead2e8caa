// Original file: proto/archive.proto


export interface LendVolumeRequest {
  'transferId'?: (string);
  'volume'?: (string);
  'live'?: (boolean);
}

export interface LendVolumeRequest__Output {
  'transferId': (string);
  'volume': (string);
  'live': (boolean);
}
