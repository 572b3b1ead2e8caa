// Original file: proto/common.proto

import type { Long } from '@grpc/proto-loader';

export interface VolumeUsage {
  'entries'?: (number | string | Long);
  'apparentBytes'?: (number | string | Long);
  'diskBytes'?: (number | string | Long);
  'devices'?: (number | string | Long);
  'devicePaths'?: (string)[];
}

export interface VolumeUsage__Output {
  'entries': (number);
  'apparentBytes': (number);
  'diskBytes': (number);
  'devices': (number);
  'devicePaths': (string)[];
}
