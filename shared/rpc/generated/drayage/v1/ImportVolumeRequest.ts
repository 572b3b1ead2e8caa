// Original file: proto/archive.proto

import type { VolumeSource as _drayage_v1_VolumeSource, VolumeSource__Output as _drayage_v1_VolumeSource__Output } from '../../drayage/v1/VolumeSource.ts';

export interface ImportVolumeRequest {
  'transferId'?: (string);
  'volume'?: (string);
  'intoEmpty'?: (boolean);
  'labels'?: ({[key: string]: string});
  'source'?: (_drayage_v1_VolumeSource | null);
  'stripComponents'?: (number);
}

export interface ImportVolumeRequest__Output {
  'transferId': (string);
  'volume': (string);
  'intoEmpty': (boolean);
  'labels': ({[key: string]: string});
  'source': (_drayage_v1_VolumeSource__Output | null);
  'stripComponents': (number);
}
