// Original file: proto/agent.proto


export interface PreparedMember {
  'sourceContainerId'?: (string);
  'containerId'?: (string);
}

export interface PreparedMember__Output {
  'sourceContainerId': (string);
  'containerId': (string);
}
