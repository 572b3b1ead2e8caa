// Original file: proto/transfer.proto

import type { Long } from '@grpc/proto-loader';

export interface RoundAnnouncement {
  'entries'?: (number | string | Long);
  'contentBytes'?: (number | string | Long);
  'depth'?: (number);
  'pathBytes'?: (number);
  'recordBytes'?: (number);
}

export interface RoundAnnouncement__Output {
  'entries': (number);
  'contentBytes': (number);
  'depth': (number);
  'pathBytes': (number);
  'recordBytes': (number);
}
