// What is here of a workload already, and is to be taken for it.
export type OwnCopy = { readonly containerId: string; readonly volumes: readonly string[] }
