// Original file: proto/agent.proto

import type { Long } from '@grpc/proto-loader';

export interface Image {
  'id'?: (string);
  'reference'?: (string);
  'tags'?: (string)[];
  'layers'?: (string)[];
  'os'?: (string);
  'architecture'?: (string);
  'sizeBytes'?: (number | string | Long);
  'configuration'?: (string);
  'digests'?: (string)[];
}

export interface Image__Output {
  'id': (string);
  'reference': (string);
  'tags': (string)[];
  'layers': (string)[];
  'os': (string);
  'architecture': (string);
  'sizeBytes': (number);
  'configuration': (string);
  'digests': (string)[];
}
