// Original file: proto/agent.proto


export interface Done {
}

export interface Done__Output {
}
