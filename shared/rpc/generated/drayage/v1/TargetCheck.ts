// Original file: proto/agent.proto

import type { EngineFacts as _drayage_v1_EngineFacts, EngineFacts__Output as _drayage_v1_EngineFacts__Output } from '../../drayage/v1/EngineFacts.ts';
import type { Finding as _drayage_v1_Finding, Finding__Output as _drayage_v1_Finding__Output } from '../../drayage/v1/Finding.ts';
import type { RetainedCopy as _drayage_v1_RetainedCopy, RetainedCopy__Output as _drayage_v1_RetainedCopy__Output } from '../../drayage/v1/RetainedCopy.ts';
import type { Long } from '@grpc/proto-loader';

export interface TargetCheck {
  'engine'?: (_drayage_v1_EngineFacts | null);
  'imageId'?: (string);
  'obstacles'?: (_drayage_v1_Finding)[];
  'warnings'?: (_drayage_v1_Finding)[];
  'freeBytes'?: (number | string | Long);
  'freeInodes'?: (number | string | Long);
  'existingNetworks'?: (string)[];
  'retained'?: (_drayage_v1_RetainedCopy | null);
}

export interface TargetCheck__Output {
  'engine': (_drayage_v1_EngineFacts__Output | null);
  'imageId': (string);
  'obstacles': (_drayage_v1_Finding__Output)[];
  'warnings': (_drayage_v1_Finding__Output)[];
  'freeBytes': (number);
  'freeInodes': (number);
  'existingNetworks': (string)[];
  'retained': (_drayage_v1_RetainedCopy__Output | null);
}
