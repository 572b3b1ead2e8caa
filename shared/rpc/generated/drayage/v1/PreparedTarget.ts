// Original file: proto/agent.proto

import type { Finding as _drayage_v1_Finding, Finding__Output as _drayage_v1_Finding__Output } from '../../drayage/v1/Finding.ts';

export interface PreparedTarget {
  'containerId'?: (string);
  'createdNetworks'?: (string)[];
  'createdVolumes'?: (string)[];
  'warnings'?: (_drayage_v1_Finding)[];
}

export interface PreparedTarget__Output {
  'containerId': (string);
  'createdNetworks': (string)[];
  'createdVolumes': (string)[];
  'warnings': (_drayage_v1_Finding__Output)[];
}
