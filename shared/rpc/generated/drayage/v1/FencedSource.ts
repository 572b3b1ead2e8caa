// Original file: proto/agent.proto


export interface FencedSource {
  'restartPolicyJson'?: (string);
}

export interface FencedSource__Output {
  'restartPolicyJson': (string);
}
