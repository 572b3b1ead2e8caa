// Original file: proto/archive.proto


export interface ExportVolumeRequest {
  'volume'?: (string);
  'live'?: (boolean);
}

export interface ExportVolumeRequest__Output {
  'volume': (string);
  'live': (boolean);
}
