import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import type { HostRules } from '../authority/rules.ts'
import type { Engine } from '../docker/engine.ts'
import type { EnginePaths } from '../engine-paths.ts'
import type { Log } from '../log.ts'
import type { State } from '../state/state.ts'
import type { Puller } from '../transfer/pull.ts'
import type { VolumeEngine } from '../volume/engine.ts'

// What the steps work with.
export type AgentContext = {
  readonly engine: Engine
  readonly volumes: VolumeEngine
  readonly paths: EnginePaths
  readonly state: State
  readonly puller: Puller
  readonly tls: TlsIdentity
  // Of this host's own configuration.
  readonly rules: HostRules
  // Where this agent keeps its state: its key, and what it has noted.
  readonly dataDir: string
  readonly log: Log
  readonly now: () => Date
}

export type Done = Record<string, never>
export const done: Done = {}
