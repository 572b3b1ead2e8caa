// Original file: proto/agent.proto

import type { Long } from '@grpc/proto-loader';

export interface LineRate {
  'bytesPerSecond'?: (number | string | Long);
}

export interface LineRate__Output {
  'bytesPerSecond': (number);
}
