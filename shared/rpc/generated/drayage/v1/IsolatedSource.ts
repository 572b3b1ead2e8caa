// Original file: proto/agent.proto


export interface IsolatedSource {
  'volumes'?: (string)[];
  'renamedTo'?: (string);
}

export interface IsolatedSource__Output {
  'volumes': (string)[];
  'renamedTo': (string);
}
