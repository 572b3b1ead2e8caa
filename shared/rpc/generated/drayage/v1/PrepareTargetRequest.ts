// Original file: proto/agent.proto

import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from '../../drayage/v1/Lease.ts';
import type { Workload as _drayage_v1_Workload, Workload__Output as _drayage_v1_Workload__Output } from '../../drayage/v1/Workload.ts';
import type { Choices as _drayage_v1_Choices, Choices__Output as _drayage_v1_Choices__Output } from '../../drayage/v1/Choices.ts';
import type { Image as _drayage_v1_Image, Image__Output as _drayage_v1_Image__Output } from '../../drayage/v1/Image.ts';
import type { PreparedMember as _drayage_v1_PreparedMember, PreparedMember__Output as _drayage_v1_PreparedMember__Output } from '../../drayage/v1/PreparedMember.ts';

export interface PrepareTargetRequest {
  'lease'?: (_drayage_v1_Lease | null);
  'workload'?: (_drayage_v1_Workload | null);
  'imageId'?: (string);
  'overwriteChanged'?: (boolean);
  'allowedPowers'?: (string)[];
  'choices'?: (_drayage_v1_Choices | null);
  'layer'?: (_drayage_v1_Image | null);
  'prepared'?: (_drayage_v1_PreparedMember)[];
}

export interface PrepareTargetRequest__Output {
  'lease': (_drayage_v1_Lease__Output | null);
  'workload': (_drayage_v1_Workload__Output | null);
  'imageId': (string);
  'overwriteChanged': (boolean);
  'allowedPowers': (string)[];
  'choices': (_drayage_v1_Choices__Output | null);
  'layer': (_drayage_v1_Image__Output | null);
  'prepared': (_drayage_v1_PreparedMember__Output)[];
}
