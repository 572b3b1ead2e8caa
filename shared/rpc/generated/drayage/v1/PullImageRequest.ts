// Original file: proto/transfer.proto


export interface PullImageRequest {
  'migrationId'?: (string);
  'imageId'?: (string);
  'references'?: (string)[];
}

export interface PullImageRequest__Output {
  'migrationId': (string);
  'imageId': (string);
  'references': (string)[];
}
