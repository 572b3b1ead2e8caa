import { execFile } from 'node:child_process'
import { mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../../shared/errors.ts'
import { createVolumeEngine } from '../engine.ts'
import { temporaryDirectory } from '../testing/streams.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

let outside: string
let root: string
beforeEach(async () => {
  const place = await temporaryDirectory()
  outside = place.path
  root = join(outside, '_data')
  await mkdir(join(root, 'logs', 'old'), { recursive: true })
  await writeFile(join(root, 'logs', 'today'), '0123456789')
  await writeFile(join(outside, 'secret'), 'of the host')
  return () => place[Symbol.asyncDispose]()
})

const execute = promisify(execFile)
const none = Buffer.alloc(0)
const names = async (path: string | Buffer, after: string | Buffer = none, limit = 100) => {
  const { entries, more } = await engine.list(root, Buffer.from(path), { after: Buffer.from(after), limit })
  return { names: entries.map(({ name }) => name.toString('latin1')), more }
}
const content = async (path: string | Buffer): Promise<string> => {
  const file = await engine.openFile(root, Buffer.from(path))
  try {
    return (await file.read(0, 1_000)).toString()
  } finally {
    await file.close()
  }
}
const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    (result) => `it was shown: ${JSON.stringify(result)}`,
    (thrown) => (thrown instanceof AppError ? thrown.code : String(thrown)),
  )

test('a directory is listed in the byte order of its names, a page at a time, whatever bytes they are', async () => {
  const odd = Buffer.concat([Buffer.from(`${root}/logs/`), Buffer.from([0xff, 0x0a, 0x80])])
  await writeFile(odd, 'odd')
  expect(await names('/logs//')).toEqual({ names: ['old', 'today', '\xff\x0a\x80'], more: false })
  expect(await names('logs', '', 2)).toEqual({ names: ['old', 'today'], more: true })
  expect(await names('logs', 'today', 2)).toEqual({ names: ['\xff\x0a\x80'], more: false })
  expect(await content(Buffer.concat([Buffer.from('logs/'), Buffer.from([0xff, 0x0a, 0x80])]))).toBe('odd')
})

test('an entry is told with its type, its metadata, and where a symlink says that it leads', async () => {
  await symlink('/etc/passwd', join(root, 'link'))
  await truncate(join(root, 'logs', 'today'), 2 * 1024 ** 4)
  const [link] = (await engine.list(root, none, { after: none, limit: 1 })).entries
  expect(link).toMatchObject({ type: 'symlink', link: Buffer.from('/etc/passwd') })
  const [, today] = (await engine.list(root, Buffer.from('logs'), { after: none, limit: 9 })).entries
  expect(today).toMatchObject({ type: 'file', size: 2 * 1024 ** 4, permissions: 0o644 })
  expect(today?.diskBytes).toBeLessThan(1024 ** 2)
})

describe('nothing but what is in the volume is shown', () => {
  test('neither by a path that goes up, nor through a symlink, at its end or on the way', async () => {
    await symlink('..', join(root, 'up'))
    await symlink('../secret', join(root, 'to-secret'))
    await symlink('logs', join(root, 'within'))
    for (const path of ['../secret', 'logs/../../secret', 'a\0b'])
      expect([path, await refusal(content(path))]).toEqual([path, 'DRAYAGE_INVALID_REQUEST'])
    for (const path of ['up/secret', 'to-secret', 'within/today'])
      expect([path, await refusal(content(path))]).toEqual([path, 'DRAYAGE_PATH_REFUSED'])
    for (const path of ['up', 'within', 'logs/today']) expect(await refusal(names(path))).toBe('DRAYAGE_PATH_REFUSED')
  })

  test('nor a FIFO, which would hold up whoever opens it, nor a directory as a file', async () => {
    await execute('mkfifo', [join(root, 'fifo')])
    for (const path of ['fifo', 'logs', '']) expect(await refusal(content(path))).toBe('DRAYAGE_PATH_REFUSED')
    expect(await refusal(content('logs/none'))).toBe('DRAYAGE_PATH_NOT_FOUND')
    expect(await refusal(names('none'))).toBe('DRAYAGE_PATH_NOT_FOUND')
    expect(await refusal(content('x'.repeat(5_000)))).toBe('DRAYAGE_PATH_REFUSED')
  })

  test('nor what is mounted in it', async () => {
    await execute('mount', ['--bind', outside, join(root, 'logs', 'old')])
    try {
      expect(await refusal(content('logs/old/secret'))).toBe('DRAYAGE_PATH_REFUSED')
      expect(await refusal(names('logs/old'))).toBe('DRAYAGE_PATH_REFUSED')
    } finally {
      await execute('umount', [join(root, 'logs', 'old')])
    }
  })

  test('also while somebody in the volume puts a symlink to the outside in the place of a directory, over and over', async () => {
    const [place, spare] = [join(root, 'logs'), join(root, 'spare')]
    await writeFile(join(place, 'secret'), 'of the volume')
    let looking = true
    const swapping = (async () => {
      for (let swaps = 0; looking || swaps < 50; swaps++) {
        await rename(place, spare)
        await symlink('..', place)
        await rm(place)
        await rename(spare, place)
      }
    })()
    const seen = new Set<string>()
    for (let looks = 0; looks < 300; looks++) {
      seen.add(
        await content('logs/secret').catch((thrown) => (thrown instanceof AppError ? thrown.code : String(thrown))),
      )
    }
    looking = false
    await swapping
    const allowed = ['of the volume', 'DRAYAGE_PATH_NOT_FOUND', 'DRAYAGE_PATH_REFUSED']
    expect([...seen].filter((what) => !allowed.includes(what))).toEqual([])
  })
})
