// Original file: proto/transfer.proto

import type { Long } from '@grpc/proto-loader';

export interface PullImageRequest {
  'migrationId'?: (string);
  'imageId'?: (string);
  'references'?: (string)[];
  'bytesPerSecond'?: (number | string | Long);
}

export interface PullImageRequest__Output {
  'migrationId': (string);
  'imageId': (string);
  'references': (string)[];
  'bytesPerSecond': (number);
}
