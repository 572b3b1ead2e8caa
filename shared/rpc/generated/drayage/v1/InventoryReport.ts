// Original file: proto/coordinator.proto

import type { InventoryContainer as _drayage_v1_InventoryContainer, InventoryContainer__Output as _drayage_v1_InventoryContainer__Output } from '../../drayage/v1/InventoryContainer.ts';
import type { InventoryVolume as _drayage_v1_InventoryVolume, InventoryVolume__Output as _drayage_v1_InventoryVolume__Output } from '../../drayage/v1/InventoryVolume.ts';
import type { EngineFacts as _drayage_v1_EngineFacts, EngineFacts__Output as _drayage_v1_EngineFacts__Output } from '../../drayage/v1/EngineFacts.ts';
import type { Long } from '@grpc/proto-loader';

export interface InventoryReport {
  'sequence'?: (number | string | Long);
  'full'?: (boolean);
  'containers'?: (_drayage_v1_InventoryContainer)[];
  'volumes'?: (_drayage_v1_InventoryVolume)[];
  'removedContainerIds'?: (string)[];
  'removedVolumeNames'?: (string)[];
  'engine'?: (_drayage_v1_EngineFacts | null);
}

export interface InventoryReport__Output {
  'sequence': (number);
  'full': (boolean);
  'containers': (_drayage_v1_InventoryContainer__Output)[];
  'volumes': (_drayage_v1_InventoryVolume__Output)[];
  'removedContainerIds': (string)[];
  'removedVolumeNames': (string)[];
  'engine': (_drayage_v1_EngineFacts__Output | null);
}
