// Original file: proto/agent.proto


export interface ComposeService {
  'project'?: (string);
  'name'?: (string);
  'number'?: (string);
  'dependsOn'?: (string)[];
}

export interface ComposeService__Output {
  'project': (string);
  'name': (string);
  'number': (string);
  'dependsOn': (string)[];
}
