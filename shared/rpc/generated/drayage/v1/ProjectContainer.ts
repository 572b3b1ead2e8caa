// Original file: proto/agent.proto


export interface ProjectContainer {
  'containerId'?: (string);
  'name'?: (string);
}

export interface ProjectContainer__Output {
  'containerId': (string);
  'name': (string);
}
