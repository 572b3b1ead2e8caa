// Original file: proto/agent.proto


export interface LookAtLayerRequest {
  'containerId'?: (string);
}

export interface LookAtLayerRequest__Output {
  'containerId': (string);
}
