// Original file: proto/agent.proto


export interface StartedTarget {
  'verdict'?: (string);
  'startedAt'?: (string);
}

export interface StartedTarget__Output {
  'verdict': (string);
  'startedAt': (string);
}
