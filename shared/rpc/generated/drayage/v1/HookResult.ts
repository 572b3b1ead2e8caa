// Original file: proto/agent.proto


export interface HookResult {
  'ran'?: (boolean);
  'exitCode'?: (number);
  'timedOut'?: (boolean);
  'leftRunning'?: (boolean);
  'output'?: (string);
  'truncated'?: (boolean);
}

export interface HookResult__Output {
  'ran': (boolean);
  'exitCode': (number);
  'timedOut': (boolean);
  'leftRunning': (boolean);
  'output': (string);
  'truncated': (boolean);
}
