// Original file: proto/coordinator.proto


export interface InventoryMount {
  'type'?: (string);
  'volume'?: (string);
  'source'?: (string);
  'destination'?: (string);
  'readOnly'?: (boolean);
}

export interface InventoryMount__Output {
  'type': (string);
  'volume': (string);
  'source': (string);
  'destination': (string);
  'readOnly': (boolean);
}
