// Original file: proto/common.proto


export interface ErrorDetail {
  'code'?: (string);
  'message'?: (string);
  'detailsJson'?: (string);
}

export interface ErrorDetail__Output {
  'code': (string);
  'message': (string);
  'detailsJson': (string);
}
