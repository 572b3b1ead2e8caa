// Original file: proto/coordinator.proto


export interface PullArchiveRequest {
  'transferId'?: (string);
}

export interface PullArchiveRequest__Output {
  'transferId': (string);
}
