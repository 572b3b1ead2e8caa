// Original file: proto/agent.proto


export interface StoppedSource {
  'wasRunning'?: (boolean);
  'exitCode'?: (number);
  'killed'?: (boolean);
  'finishedAt'?: (string);
}

export interface StoppedSource__Output {
  'wasRunning': (boolean);
  'exitCode': (number);
  'killed': (boolean);
  'finishedAt': (string);
}
