// What this agent has on its disk of who may run what, as the coordinator asks for it (proto/agent.proto, Standing).
import type { Standing } from '../../shared/rpc/generated/drayage/v1/Standing.ts'
import type { Note } from './migrations.ts'
import type { State } from './state.ts'

export const standingOf = ({
  epochs,
  migrations,
  retired,
  breakGlass,
}: Pick<State, 'epochs' | 'migrations' | 'retired' | 'breakGlass'>): Standing => ({
  epochs: [...epochs.all()],
  migrations: migrations.all().map((note) => ({
    migrationId: note.migrationId,
    workloadId: note.workloadId,
    epoch: note.epoch,
    role: note.role,
    peerHost: note.peerHost,
    containerId: note.role === 'source' ? note.containerId : '',
    containerName: note.role === 'source' ? note.containerName : '',
    effects: effectsOf(note),
  })),
  retired: retired.all().map((gone) => ({
    ...{ workloadId: gone.workloadId, migrationId: gone.migrationId, epoch: gone.epoch },
    ...{ containerId: gone.containerId, containerName: gone.containerName, movedTo: gone.movedTo },
    ...{ retiredAt: gone.retiredAt, partial: gone.partial ?? '' },
  })),
  broughtBack: breakGlass.all().map((entry) => ({
    ...{ workloadId: entry.workloadId, migrationId: entry.migrationId, epoch: entry.epoch },
    ...{ containerId: entry.containerId, containerName: entry.containerName, movedTo: entry.movedTo },
    ...{ startedAt: entry.startedAt, doneAt: entry.doneAt ?? '' },
  })),
})

const effectsOf = (note: Note): string[] => {
  const inForce =
    note.role === 'source'
      ? { fenced: note.fenced !== null, stopped: note.stopped !== null, isolated: note.isolated !== null }
      : { confirmed: note.confirmed, 'start-asked': note.startAsked }
  return Object.entries(inForce).flatMap(([effect, is]) => (is ? [effect] : []))
}
