// Original file: proto/agent.proto


export interface Choices {
  'writableLayer'?: (string);
}

export interface Choices__Output {
  'writableLayer': (string);
}
