// Original file: proto/agent.proto


export interface Hook {
  'name'?: (string);
  'command'?: (string)[];
  'timeoutMs'?: (number);
  'onError'?: (string);
}

export interface Hook__Output {
  'name': (string);
  'command': (string)[];
  'timeoutMs': (number);
  'onError': (string);
}
