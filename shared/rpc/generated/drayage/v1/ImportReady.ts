// Original file: proto/archive.proto


export interface ImportReady {
}

export interface ImportReady__Output {
}
