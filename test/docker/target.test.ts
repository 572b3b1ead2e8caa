// What a migration has made on its target, and what others do with it before it is handed over, on engines of both
// generations.
import { afterEach, describe, expect, test } from 'vitest'
import { cleanOut, engineHosts, plain } from './hosts.ts'

const generations = ['current', 'legacy'] as const
const host = engineHosts(generations, [plain])

describe.each(generations)('%s', (kind) => {
  afterEach(() => cleanOut(host(kind)))

  // As PrepareTarget leaves it: `web` on the network `shop`, with the volume `web-data`.
  const prepared = async (migrationId: string) => {
    const engine = host(kind)
    await engine.docker(['network', 'create', 'shop'])
    const run = ['run', '-d', '--name', 'web', '--network', 'shop', '-v', 'web-data:/data', '--tmpfs', '/asked']
    await engine.docker([...run, plain.ref])
    const described = await engine.drayage.describe('web')
    await engine.docker(['rm', '--force', 'web'])
    await engine.docker(['volume', 'rm', 'web-data'])
    await engine.docker(['network', 'rm', 'shop'])
    const made = await engine.drayage.prepare(described, described.image?.id ?? '', migrationId)
    return {
      engine,
      described,
      id: made.containerId,
      changes: () => engine.drayage.changesOfTarget(migrationId, made.containerId),
    }
  }

  test('as it was made it has no changes and is nobody’s; started once, it is said, also when it has ended', async () => {
    const { engine, id, changes } = await prepared('m-1')
    const made = (hasRun: boolean) => ({
      containers: [{ id, name: 'web', hasRun }],
      volumes: ['web-data'],
      networks: ['shop'],
    })
    expect(await changes()).toEqual([])
    expect(await engine.drayage.useOfTarget('m-1')).toEqual([])
    expect(await engine.drayage.madeBy('m-1')).toEqual(made(false))
    expect(await engine.drayage.madeBy('m-11')).toEqual({ containers: [], volumes: [], networks: [] })
    await engine.docker(['start', 'web'])
    expect(await changes()).toEqual([expect.stringMatching(/web was started by somebody \(it is running\)/)])
    await engine.docker(['stop', 'web'])
    expect(await changes()).toEqual([expect.stringMatching(/web was started by somebody \(it is exited\)/)])
    expect(await engine.drayage.useOfTarget('m-1')).toEqual(await changes())
    expect(await engine.drayage.madeBy('m-1')).toEqual(made(true))
  })

  test('a network, a volume, and a container that are gone or somebody else’s are told, all at once', async () => {
    const { engine, id, changes } = await prepared('m-2')
    await engine.docker(['network', 'rm', 'shop'])
    await engine.docker(['run', '-d', '--name', 'other', '--tmpfs', '/asked', '-v', 'web-data:/there', plain.ref])
    expect((await changes()).toSorted()).toEqual([
      'its network shop is not there any more',
      'the container other runs with a volume of it mounted',
    ])
    await engine.docker(['rm', '--force', 'other', 'web'])
    expect(await changes()).toEqual([`its container ${id.slice(0, 12)} is not there any more`])
    expect(await engine.drayage.useOfTarget('m-2')).toEqual(['its container is not there any more'])
    await engine.docker(['create', '--name', 'web', '--tmpfs', '/asked', plain.ref])
    expect(await engine.drayage.changesOfTarget('m-2', 'web')).toEqual([expect.stringMatching(/was not made by/)])
  })

  test('who runs with a volume is found by its name and by its directory, and not by all volumes', async () => {
    const { engine } = await prepared('m-3')
    const { mountpoint } = await engine.drayage.volume('web-data')
    const users = () => engine.drayage.runningUsers([{ name: 'web-data', mountpoint }])
    const run = (name: string, volume: string) =>
      engine.docker(['run', '-d', '--name', name, '--tmpfs', '/asked', '-v', volume, plain.ref])
    await run('by-name', 'web-data:/a')
    await run('by-directory', `${mountpoint}:/a`)
    await run('by-its-folder', `${mountpoint.replace(/\/_data$/, '')}:/a`)
    await run('paused', 'web-data:/a')
    await engine.docker(['pause', 'paused'])
    await run('of-all', `${engine.dataRoot}/volumes:/a:ro`)
    await run('of-another', 'another:/a')
    await engine.docker(['create', '--name', 'idle', '--tmpfs', '/asked', '-v', 'web-data:/a', plain.ref])
    expect((await users()).map(({ name }) => name).toSorted()).toEqual([
      ...['by-directory', 'by-its-folder', 'by-name', 'paused'],
    ])
    await engine.docker(['unpause', 'paused'])
    expect(await engine.drayage.runningUsers([])).toEqual([])
  })

  test('a network stays for a container that was only created on it, and goes with the last one', async () => {
    const { engine, described } = await prepared('m-4')
    await engine.docker(['create', '--name', 'second', '--network', 'shop', '--tmpfs', '/asked', plain.ref])
    await engine.drayage.discard('m-4')
    expect((await engine.drayage.madeBy('m-4')).networks).toEqual(['shop'])
    await engine.docker(['start', 'second'])
    await engine.docker(['rm', '--force', 'second'])
    await engine.drayage.discard('m-4')
    expect((await engine.drayage.madeBy('m-4')).networks).toEqual([])
    expect((await engine.drayage.check(described, '')).obstacles).toEqual([])
  })

  test('a kept copy whose network was removed, or made anew, is connected to what there is then; its undo takes back what it made', async () => {
    const engine = host(kind)
    await engine.docker(['network', 'create', 'shop'])
    const run = ['run', '-d', '--name', 'web', '--network', 'shop', '--network-alias', 'till', '--tmpfs', '/asked']
    const id = await engine.docker([...run, plain.ref])
    const described = await engine.drayage.describe('web')
    await engine.docker(['stop', '-t', '1', 'web'])
    await engine.docker(['network', 'rm', 'shop'])
    const own = { containerId: id, volumes: [] }
    const prepare = (migrationId: string) =>
      engine.drayage.prepare(described, described.image?.id ?? '', migrationId, { own })
    const networks = async () => (await engine.docker(['network', 'ls', '--format', '{{.Name}}'])).split('\n')

    await engine.docker(['network', 'create', 'shop'])
    expect(await engine.drayage.changesOfTarget('m-5', id, own)).toEqual(['its network shop was removed and made anew'])
    await engine.docker(['network', 'rm', 'shop'])
    expect(await prepare('m-5')).toMatchObject({ containerId: id, createdNetworks: ['shop'] })
    await engine.drayage.discard('m-5', own)
    expect(await networks()).not.toContain('shop')

    await engine.docker(['network', 'create', 'shop'])
    expect(await prepare('m-6')).toMatchObject({ createdNetworks: [] })
    expect(await engine.drayage.changesOfTarget('m-6', id, own)).toEqual([])
    await engine.drayage.start(id)
    expect((await engine.inspect('web')).NetworkSettings.Networks?.['shop']?.Aliases).toContain('till')
    await engine.drayage.discard('m-6', own)
    expect(await networks()).toContain('shop')
  })
})
