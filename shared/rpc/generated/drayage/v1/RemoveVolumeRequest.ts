// Original file: proto/archive.proto


export interface RemoveVolumeRequest {
  'volume'?: (string);
  'driver'?: (string);
  'mountpoint'?: (string);
  'createdAt'?: (string);
  'digest'?: (string);
}

export interface RemoveVolumeRequest__Output {
  'volume': (string);
  'driver': (string);
  'mountpoint': (string);
  'createdAt': (string);
  'digest': (string);
}
