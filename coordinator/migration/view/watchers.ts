// Who watches which migration. Events are a courtesy: each change hands on the whole migration, so a watcher that
// missed some has lost nothing.
import { hasEnded, type Migration, type MigrationEvent, type Progress } from '../../../shared/api/migrations.ts'

type Wake = { changed: boolean; progress: Progress | null; wake: () => void }

export const createWatchers = () => {
  const watching = new Map<string, Set<Wake>>()
  let closed = false

  const each = (id: string, tell: (watcher: Wake) => void): void => {
    for (const watcher of watching.get(id) ?? []) {
      tell(watcher)
      watcher.wake()
    }
  }

  return {
    changed: (id: string): void =>
      each(id, (watcher) => {
        watcher.changed = true
      }),

    // A slow watcher gets the newest, not all of them.
    progress: (id: string, progress: Progress): void =>
      each(id, (watcher) => {
        watcher.progress = progress
      }),

    watch: async function* (
      id: string,
      look: () => Promise<Migration>,
      signal: AbortSignal,
    ): AsyncGenerator<MigrationEvent> {
      let bell = Promise.withResolvers<void>()
      const watcher: Wake = { changed: true, progress: null, wake: () => bell.resolve() }
      const own = watching.get(id) ?? new Set()
      watching.set(id, own.add(watcher))
      const onAbort = () => watcher.wake()
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        while (!signal.aborted && !closed) {
          bell = Promise.withResolvers<void>()
          const { changed, progress } = watcher
          watcher.changed = false
          watcher.progress = null
          if (progress !== null) yield { event: 'progress', data: progress }
          if (changed) {
            const migration = await look()
            yield { event: 'migration', data: migration }
            if (hasEnded(migration.state)) return
          }
          if (watcher.changed || watcher.progress !== null || signal.aborted || closed) continue
          await bell.promise
        }
      } finally {
        signal.removeEventListener('abort', onAbort)
        own.delete(watcher)
        if (own.size === 0) watching.delete(id)
      }
    },

    close: (): void => {
      closed = true
      for (const id of watching.keys()) each(id, () => {})
    },
  }
}
