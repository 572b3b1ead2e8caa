// Original file: proto/agent.proto

import type { Finding as _drayage_v1_Finding, Finding__Output as _drayage_v1_Finding__Output } from '../../drayage/v1/Finding.ts';
import type { RetainedCopy as _drayage_v1_RetainedCopy, RetainedCopy__Output as _drayage_v1_RetainedCopy__Output } from '../../drayage/v1/RetainedCopy.ts';

export interface PreparedTarget {
  'containerId'?: (string);
  'createdNetworks'?: (string)[];
  'createdVolumes'?: (string)[];
  'warnings'?: (_drayage_v1_Finding)[];
  'retained'?: (_drayage_v1_RetainedCopy | null);
}

export interface PreparedTarget__Output {
  'containerId': (string);
  'createdNetworks': (string)[];
  'createdVolumes': (string)[];
  'warnings': (_drayage_v1_Finding__Output)[];
  'retained': (_drayage_v1_RetainedCopy__Output | null);
}
