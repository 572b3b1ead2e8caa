// What a run of the benchmarks has measured: what is written as JSON, and what tables and the drawing are made of.

// The two ends of a move.
export type Ends<T> = { readonly from: T; readonly to: T }

export type Cost = {
  readonly wallMs: number
  // Of every process on that host that the move had to do with: agents, engine and its containers, ssh, rsync, tar.
  readonly cpuSeconds: Ends<number>
  // The most that those which move the data had resident at one time.
  readonly peakRssBytes: Ends<number>
  // Both directions, headers included, as the target's network card counts them.
  readonly wireBytes: number
}

export type Run = Cost & {
  // For how long nobody wrote, by the workload's own clock; only where it was moved with what runs on it.
  readonly downtimeMs?: number
  // What it then took to read back from the target's disk what had been written; only where that was done. It is no part of
  // wallMs: the copy is whole by then, and nobody waits for it while a workload is down.
  readonly rereadMs?: number
  // What it then took to have everything on the disk, which some have done by then and others leave to the kernel.
  readonly syncMs?: number
}

export type Row = {
  readonly way: string
  readonly runs: readonly Run[]
  // Entries of the copy in which an independent referee (rsync --checksum) found something unlike the original, after
  // the first run; absent where that makes no sense.
  readonly differing?: number
}

export type Measured = {
  readonly workload: string
  readonly says: string
  // What is compared: the time it takes, or for how long the workload is down.
  readonly compares: 'wallMs' | 'downtimeMs'
  // Bytes that were written anew before each run, where that is what it is about.
  readonly dirtiedBytes?: number
  readonly rows: readonly Row[]
}

export type Machine = {
  readonly cpus: number
  readonly model: string
  readonly memoryBytes: number
  readonly kernel: string
  readonly node: string
  readonly docker: string
  readonly filesystem: string
  // How many processes wanted a core, on average over the minute before the run began (proc_loadavg(5)): what else the
  // machine was doing.
  readonly loadBefore: number
}

export type Results = {
  readonly measuredAt: string
  // Of Drayage, as git names it; '' where there is no git.
  readonly commit: string
  readonly machine: Machine
  readonly runs: number
  // 1: the workloads as they are defined. Less: that part of their sizes and counts.
  readonly scale: number
  readonly measured: readonly Measured[]
}
