// Original file: proto/agent.proto

import type { Long } from '@grpc/proto-loader';

export interface DiskRates {
  'bytesPerSecond'?: (number | string | Long);
  'filesPerSecond'?: (number | string | Long);
}

export interface DiskRates__Output {
  'bytesPerSecond': (number);
  'filesPerSecond': (number);
}
