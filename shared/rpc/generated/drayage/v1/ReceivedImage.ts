// Original file: proto/agent.proto


export interface ReceivedImage {
  'imageId'?: (string);
  'loaded'?: (boolean);
}

export interface ReceivedImage__Output {
  'imageId': (string);
  'loaded': (boolean);
}
