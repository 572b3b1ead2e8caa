// Original file: proto/agent.proto

import type { Image as _drayage_v1_Image, Image__Output as _drayage_v1_Image__Output } from '../../drayage/v1/Image.ts';
import type { WorkloadVolume as _drayage_v1_WorkloadVolume, WorkloadVolume__Output as _drayage_v1_WorkloadVolume__Output } from '../../drayage/v1/WorkloadVolume.ts';
import type { WorkloadNetwork as _drayage_v1_WorkloadNetwork, WorkloadNetwork__Output as _drayage_v1_WorkloadNetwork__Output } from '../../drayage/v1/WorkloadNetwork.ts';
import type { PublishedPort as _drayage_v1_PublishedPort, PublishedPort__Output as _drayage_v1_PublishedPort__Output } from '../../drayage/v1/PublishedPort.ts';
import type { Finding as _drayage_v1_Finding, Finding__Output as _drayage_v1_Finding__Output } from '../../drayage/v1/Finding.ts';
import type { EngineFacts as _drayage_v1_EngineFacts, EngineFacts__Output as _drayage_v1_EngineFacts__Output } from '../../drayage/v1/EngineFacts.ts';
import type { Hook as _drayage_v1_Hook, Hook__Output as _drayage_v1_Hook__Output } from '../../drayage/v1/Hook.ts';
import type { WritableLayer as _drayage_v1_WritableLayer, WritableLayer__Output as _drayage_v1_WritableLayer__Output } from '../../drayage/v1/WritableLayer.ts';
import type { WorkloadBind as _drayage_v1_WorkloadBind, WorkloadBind__Output as _drayage_v1_WorkloadBind__Output } from '../../drayage/v1/WorkloadBind.ts';
import type { UsedContainer as _drayage_v1_UsedContainer, UsedContainer__Output as _drayage_v1_UsedContainer__Output } from '../../drayage/v1/UsedContainer.ts';

export interface Workload {
  'containerId'?: (string);
  'name'?: (string);
  'state'?: (string);
  'specJson'?: (string);
  'image'?: (_drayage_v1_Image | null);
  'volumes'?: (_drayage_v1_WorkloadVolume)[];
  'networks'?: (_drayage_v1_WorkloadNetwork)[];
  'ports'?: (_drayage_v1_PublishedPort)[];
  'obstacles'?: (_drayage_v1_Finding)[];
  'warnings'?: (_drayage_v1_Finding)[];
  'engine'?: (_drayage_v1_EngineFacts | null);
  'hasHealthcheck'?: (boolean);
  'stopTimeoutSeconds'?: (number);
  'hooks'?: (_drayage_v1_Hook)[];
  'writableLayer'?: (_drayage_v1_WritableLayer | null);
  'binds'?: (_drayage_v1_WorkloadBind)[];
  'tmpfs'?: (string)[];
  'uses'?: (_drayage_v1_UsedContainer)[];
}

export interface Workload__Output {
  'containerId': (string);
  'name': (string);
  'state': (string);
  'specJson': (string);
  'image': (_drayage_v1_Image__Output | null);
  'volumes': (_drayage_v1_WorkloadVolume__Output)[];
  'networks': (_drayage_v1_WorkloadNetwork__Output)[];
  'ports': (_drayage_v1_PublishedPort__Output)[];
  'obstacles': (_drayage_v1_Finding__Output)[];
  'warnings': (_drayage_v1_Finding__Output)[];
  'engine': (_drayage_v1_EngineFacts__Output | null);
  'hasHealthcheck': (boolean);
  'stopTimeoutSeconds': (number);
  'hooks': (_drayage_v1_Hook__Output)[];
  'writableLayer': (_drayage_v1_WritableLayer__Output | null);
  'binds': (_drayage_v1_WorkloadBind__Output)[];
  'tmpfs': (string)[];
  'uses': (_drayage_v1_UsedContainer__Output)[];
}
