// Original file: proto/agent.proto


export interface RetainedCopy {
  'migrationId'?: (string);
  'containerId'?: (string);
  'partial'?: (boolean);
}

export interface RetainedCopy__Output {
  'migrationId': (string);
  'containerId': (string);
  'partial': (boolean);
}
