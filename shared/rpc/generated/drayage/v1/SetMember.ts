// Original file: proto/agent.proto

import type { Tie as _drayage_v1_Tie, Tie__Output as _drayage_v1_Tie__Output } from '../../drayage/v1/Tie.ts';

export interface SetMember {
  'containerId'?: (string);
  'name'?: (string);
  'state'?: (string);
  'ties'?: (_drayage_v1_Tie)[];
  'separable'?: (boolean);
}

export interface SetMember__Output {
  'containerId': (string);
  'name': (string);
  'state': (string);
  'ties': (_drayage_v1_Tie__Output)[];
  'separable': (boolean);
}
