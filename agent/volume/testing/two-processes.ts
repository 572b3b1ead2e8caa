// For tests: rounds whose two ends are processes of their own.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Told } from './one-side.ts'

export type Ended = Extract<Told, { summary: unknown }>

const script = new URL('./one-side.ts', import.meta.url).pathname

export type Place = {
  readonly source: string
  readonly target: string
  readonly memory: { readonly source: string; readonly target: string }
}

// What each side says of itself at the end. Throws unless both come to the same digest.
export const roundOfTwo = async ({ source, target, memory }: Place, final: boolean) => {
  const ended = async (child: ReturnType<typeof fork>, heard: (held: string) => void): Promise<Ended> => {
    let last: Ended | undefined
    child.on('message', (told: Told) => {
      if ('held' in told) heard(told.held)
      else last = told
    })
    await once(child, 'exit')
    if (last === undefined) throw new Error('one side did not come to its end')
    return last
  }
  const kind = final ? 'final' : 'live'
  const writer = fork(script, ['target', target, memory.target, kind], { stdio: ['pipe', 'inherit', 'inherit', 'ipc'] })
  let reading: Promise<Ended> | undefined
  let asked = false
  const written = await ended(writer, (held) => {
    if (asked) throw new Error('something of the target is not as it was left')
    asked = true
    const args = ['source', source, memory.source, held, kind]
    const reader = fork(script, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    if (reader.stdout && writer.stdin) reader.stdout.pipe(writer.stdin)
    reading = ended(reader, () => {})
  })
  const read = await reading
  if (read === undefined || read.summary.digest !== written.summary.digest) throw new Error('the two ends disagree')
  return { read, written }
}
