// Original file: proto/transfer.proto

import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from '../../drayage/v1/Ticket.ts';
import type { Long } from '@grpc/proto-loader';

export interface PullImageRequest {
  'migrationId'?: (string);
  'imageId'?: (string);
  'references'?: (string)[];
  'bytesPerSecond'?: (number | string | Long);
  'ticket'?: (_drayage_v1_Ticket | null);
  'heldLayers'?: (number);
}

export interface PullImageRequest__Output {
  'migrationId': (string);
  'imageId': (string);
  'references': (string)[];
  'bytesPerSecond': (number);
  'ticket': (_drayage_v1_Ticket__Output | null);
  'heldLayers': (number);
}
