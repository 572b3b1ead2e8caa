// Original file: proto/common.proto


export interface EngineFacts {
  'id'?: (string);
  'version'?: (string);
  'apiVersion'?: (string);
  'os'?: (string);
  'architecture'?: (string);
  'storageDriver'?: (string);
  'containerdImageStore'?: (boolean);
  'dataRoot'?: (string);
  'idShift'?: (string);
  'swarm'?: (boolean);
}

export interface EngineFacts__Output {
  'id': (string);
  'version': (string);
  'apiVersion': (string);
  'os': (string);
  'architecture': (string);
  'storageDriver': (string);
  'containerdImageStore': (boolean);
  'dataRoot': (string);
  'idShift': (string);
  'swarm': (boolean);
}
