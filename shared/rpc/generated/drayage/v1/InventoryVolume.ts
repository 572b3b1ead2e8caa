// Original file: proto/coordinator.proto

import type { Long } from '@grpc/proto-loader';

export interface InventoryVolume {
  'name'?: (string);
  'driver'?: (string);
  'mountpoint'?: (string);
  'scope'?: (string);
  'options'?: ({[key: string]: string});
  'labels'?: ({[key: string]: string});
  'createdAt'?: (string);
  'anonymous'?: (boolean);
  'sizeBytes'?: (number | string | Long);
  '_sizeBytes'?: "sizeBytes";
}

export interface InventoryVolume__Output {
  'name': (string);
  'driver': (string);
  'mountpoint': (string);
  'scope': (string);
  'options': ({[key: string]: string});
  'labels': ({[key: string]: string});
  'createdAt': (string);
  'anonymous': (boolean);
  'sizeBytes'?: (number);
  '_sizeBytes'?: "sizeBytes";
}
