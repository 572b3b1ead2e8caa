// Original file: proto/agent.proto


export interface ReceivedImage {
  'imageId'?: (string);
  'loaded'?: (boolean);
  'notPulled'?: (string);
}

export interface ReceivedImage__Output {
  'imageId': (string);
  'loaded': (boolean);
  'notPulled': (string);
}
