// Original file: proto/agent.proto


export interface UsedContainer {
  'containerId'?: (string);
  'kind'?: (string);
}

export interface UsedContainer__Output {
  'containerId': (string);
  'kind': (string);
}
