// Original file: proto/transfer.proto

import type { LackingEntry as _drayage_v1_LackingEntry, LackingEntry__Output as _drayage_v1_LackingEntry__Output } from '../../drayage/v1/LackingEntry.ts';
import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from '../../drayage/v1/Ticket.ts';
import type { Long } from '@grpc/proto-loader';

export interface PullVolumeRequest {
  'migrationId'?: (string);
  'volume'?: (string);
  'round'?: (number);
  'final'?: (boolean);
  'rootIdentity'?: (string);
  'heldDigest'?: (string);
  'lacking'?: (_drayage_v1_LackingEntry)[];
  'devices'?: (string);
  'everything'?: (boolean);
  'bytesPerSecond'?: (number | string | Long);
  'compression'?: (string);
  'ticket'?: (_drayage_v1_Ticket | null);
}

export interface PullVolumeRequest__Output {
  'migrationId': (string);
  'volume': (string);
  'round': (number);
  'final': (boolean);
  'rootIdentity': (string);
  'heldDigest': (string);
  'lacking': (_drayage_v1_LackingEntry__Output)[];
  'devices': (string);
  'everything': (boolean);
  'bytesPerSecond': (number);
  'compression': (string);
  'ticket': (_drayage_v1_Ticket__Output | null);
}
