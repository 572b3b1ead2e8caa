// Original file: proto/agent.proto


export interface RetiredVolume {
  'name'?: (string);
  'rootIdentity'?: (string);
}

export interface RetiredVolume__Output {
  'name': (string);
  'rootIdentity': (string);
}
