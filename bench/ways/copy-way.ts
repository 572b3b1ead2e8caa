// What every way to bring a volume to another host can do.
import type { Part } from '../meters/groups.ts'
import type { Stage } from '../stage.ts'

export type Source = {
  // Of the container and of its volume.
  readonly name: string
  readonly folder: string
}

// Of the time that it took: what went to reading back from the target's disk what had been written and compared already.
export type Afterwards = { readonly rereadMs?: number }

export type Copying = {
  // The first time everything; then what has changed, or everything again where there is no other way.
  readonly once: () => Promise<Afterwards>
  readonly target: string
  readonly discard: () => Promise<void>
}

export type CopyWay = {
  readonly name: string
  // Whose memory tells what it takes.
  readonly memoryOf: readonly Part[]
  readonly open: (stage: Stage, source: Source) => Promise<Copying>
}
