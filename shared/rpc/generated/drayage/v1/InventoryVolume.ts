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
  'sizeMeasuredAt'?: (string);
  '_sizeBytes'?: "sizeBytes";
  '_sizeMeasuredAt'?: "sizeMeasuredAt";
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
  'sizeMeasuredAt'?: (string);
  '_sizeBytes'?: "sizeBytes";
  '_sizeMeasuredAt'?: "sizeMeasuredAt";
}
