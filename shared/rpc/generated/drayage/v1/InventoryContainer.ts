// Original file: proto/coordinator.proto

import type { InventoryMount as _drayage_v1_InventoryMount, InventoryMount__Output as _drayage_v1_InventoryMount__Output } from '../../drayage/v1/InventoryMount.ts';

export interface InventoryContainer {
  'id'?: (string);
  'name'?: (string);
  'image'?: (string);
  'imageId'?: (string);
  'state'?: (string);
  'createdAt'?: (string);
  'labels'?: ({[key: string]: string});
  'mounts'?: (_drayage_v1_InventoryMount)[];
}

export interface InventoryContainer__Output {
  'id': (string);
  'name': (string);
  'image': (string);
  'imageId': (string);
  'state': (string);
  'createdAt': (string);
  'labels': ({[key: string]: string});
  'mounts': (_drayage_v1_InventoryMount__Output)[];
}
