// Original file: proto/agent.proto


export interface MeasureWritingRequest {
}

export interface MeasureWritingRequest__Output {
}
