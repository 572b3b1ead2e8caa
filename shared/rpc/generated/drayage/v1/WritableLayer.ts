// Original file: proto/agent.proto

import type { Long } from '@grpc/proto-loader';

export interface WritableLayer {
  'changes'?: (number);
  'paths'?: (string)[];
  'bytes'?: (number | string | Long);
}

export interface WritableLayer__Output {
  'changes': (number);
  'paths': (string)[];
  'bytes': (number);
}
