// Original file: proto/ticket.proto

import type { Long } from '@grpc/proto-loader';

export interface TicketStatement {
  'id'?: (string);
  'transferId'?: (string);
  'workloadId'?: (string);
  'epoch'?: (number | string | Long);
  'sourceHost'?: (string);
  'targetHost'?: (string);
  'targetKey'?: (string);
  'volume'?: (string);
  'imageId'?: (string);
  'issuedAtMs'?: (number | string | Long);
  'expiresAtMs'?: (number | string | Long);
  'noise'?: (boolean);
  'subject'?: "volume"|"imageId"|"noise";
}

export interface TicketStatement__Output {
  'id': (string);
  'transferId': (string);
  'workloadId': (string);
  'epoch': (number);
  'sourceHost': (string);
  'targetHost': (string);
  'targetKey': (string);
  'volume'?: (string);
  'imageId'?: (string);
  'issuedAtMs': (number);
  'expiresAtMs': (number);
  'noise'?: (boolean);
  'subject'?: "volume"|"imageId"|"noise";
}
