import { expect, test } from 'vitest'
import { completeOptions } from '../../../shared/api/migration-options.ts'
import { outsideOf, setFindings } from './move-set.ts'

const member = (name: string, separable: boolean, words = 'uses the network of web') => ({
  ...{ containerId: name, name, state: 'running', separable },
  ties: [{ kind: 'network-namespace', words }],
})
const setFindingsOf = (
  request: ReturnType<typeof asked>,
  { name, moveSet }: { name: string; moveSet: ReturnType<typeof member>[] },
) => setFindings(request, name, outsideOf({ workloads: [{ containerId: 'web' }], moveSet }))
const asked = (dependents: 'refuse' | 'leave' | 'take') => ({
  from: 'host-1',
  options: completeOptions({ dependents }),
})

test('a container that belongs to nobody is neither refused nor warned of', () => {
  expect(setFindingsOf(asked('refuse'), { name: 'web', moveSet: [] })).toEqual({ refusals: [], warnings: [] })
})

test('one that belongs to others is refused with each of them and why', () => {
  const moveSet = [member('side', false), member('db', true, 'is depended on by web')]
  const { refusals, warnings } = setFindingsOf(asked('refuse'), { name: 'web', moveSet })
  expect(warnings).toEqual([])
  expect(refusals).toMatchObject([{ code: 'DRAYAGE_SET_LARGER' }])
  expect(refusals[0]?.message).toMatch(
    /^web belongs together with 2 other containers of host-1: side uses the network of web; db is depended on by web\. .* Of them, db may be left behind: --without-dependents/,
  )
})

test('what only depends is left behind when that was asked for, and named; what is bound never is', () => {
  const separable = [member('db', true, 'is depended on by web')]
  expect(setFindingsOf(asked('leave'), { name: 'web', moveSet: separable })).toMatchObject({
    refusals: [],
    warnings: [{ code: 'dependents-left-behind', message: expect.stringContaining('db is depended on by web') }],
  })
  const { refusals } = setFindingsOf(asked('leave'), { name: 'web', moveSet: [...separable, member('side', false)] })
  expect(refusals).toMatchObject([{ code: 'DRAYAGE_SET_LARGER' }])
  expect(refusals[0]?.message).not.toContain('--without-dependents')
})

test('of 500 members the message names some and counts the others', () => {
  const moveSet = Array.from({ length: 499 }, (_, n) => member(`c${n}`, false))
  const [refusal] = setFindingsOf(asked('refuse'), { name: 'web', moveSet }).refusals
  expect(refusal?.message).toContain('499 other containers')
  expect(refusal?.message).toContain('and 489 more')
  expect(refusal?.message.length).toBeLessThan(1_000)
})
