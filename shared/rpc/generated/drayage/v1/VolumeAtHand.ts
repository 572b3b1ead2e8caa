// Original file: proto/archive.proto

import type { Long } from '@grpc/proto-loader';

export interface VolumeAtHand {
  'entries'?: (number | string | Long);
  'diskBytes'?: (number | string | Long);
  'running'?: (string)[];
  'labels'?: ({[key: string]: string});
}

export interface VolumeAtHand__Output {
  'entries': (number);
  'diskBytes': (number);
  'running': (string)[];
  'labels': ({[key: string]: string});
}
