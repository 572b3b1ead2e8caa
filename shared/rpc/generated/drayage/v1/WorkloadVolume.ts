// Original file: proto/agent.proto

import type { VolumeUsage as _drayage_v1_VolumeUsage, VolumeUsage__Output as _drayage_v1_VolumeUsage__Output } from '../../drayage/v1/VolumeUsage.ts';

export interface WorkloadVolume {
  'name'?: (string);
  'driver'?: (string);
  'options'?: ({[key: string]: string});
  'labels'?: ({[key: string]: string});
  'mountpoint'?: (string);
  'createdAt'?: (string);
  'anonymous'?: (boolean);
  'destination'?: (string);
  'readOnly'?: (boolean);
  'rootIdentity'?: (string);
  'usage'?: (_drayage_v1_VolumeUsage | null);
  'traits'?: (string)[];
  'carriedByAnother'?: (boolean);
  'ofHost'?: (boolean);
}

export interface WorkloadVolume__Output {
  'name': (string);
  'driver': (string);
  'options': ({[key: string]: string});
  'labels': ({[key: string]: string});
  'mountpoint': (string);
  'createdAt': (string);
  'anonymous': (boolean);
  'destination': (string);
  'readOnly': (boolean);
  'rootIdentity': (string);
  'usage': (_drayage_v1_VolumeUsage__Output | null);
  'traits': (string)[];
  'carriedByAnother': (boolean);
  'ofHost': (boolean);
}
