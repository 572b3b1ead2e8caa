// Original file: proto/agent.proto


export interface FinalizedSource {
  'removed'?: (string)[];
}

export interface FinalizedSource__Output {
  'removed': (string)[];
}
