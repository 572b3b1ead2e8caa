// Original file: proto/agent.proto


export interface Tie {
  'kind'?: (string);
  'words'?: (string);
}

export interface Tie__Output {
  'kind': (string);
  'words': (string);
}
