// Original file: proto/coordinator.proto


export interface ReportRefusalsReply {
}

export interface ReportRefusalsReply__Output {
}
