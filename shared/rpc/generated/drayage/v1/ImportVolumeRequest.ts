// Original file: proto/archive.proto


export interface ImportVolumeRequest {
  'transferId'?: (string);
  'volume'?: (string);
  'intoEmpty'?: (boolean);
  'labels'?: ({[key: string]: string});
}

export interface ImportVolumeRequest__Output {
  'transferId': (string);
  'volume': (string);
  'intoEmpty': (boolean);
  'labels': ({[key: string]: string});
}
