// Original file: proto/agent.proto

import type { ProjectContainer as _drayage_v1_ProjectContainer, ProjectContainer__Output as _drayage_v1_ProjectContainer__Output } from '../../drayage/v1/ProjectContainer.ts';

export interface Project {
  'containers'?: (_drayage_v1_ProjectContainer)[];
  'volumes'?: (string)[];
}

export interface Project__Output {
  'containers': (_drayage_v1_ProjectContainer__Output)[];
  'volumes': (string)[];
}
