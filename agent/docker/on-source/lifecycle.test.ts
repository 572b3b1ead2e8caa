import { expect, test } from 'vitest'
import { standIn } from '../testing/stand-in.ts'
import { setRestartPolicy } from './lifecycle.ts'

const refusing = (times: number, message: string) => {
  let refused = 0
  return standIn((_request, response) => {
    if (refused === times) {
      response.end(JSON.stringify({ Warnings: [] }))
      return
    }
    refused += 1
    response.statusCode = 500
    response.end(JSON.stringify({ message }))
  })
}
const updates = (asked: readonly string[]) => asked.filter((line) => line.includes('/update'))
const ended = 'Cannot update container c1: cannot update a stopped container: unknown'

test('the policy of a container that ends in that moment is set all the same', async () => {
  const { client, asked } = await refusing(2, ended)
  await setRestartPolicy(client, 'c1', { Name: 'no', MaximumRetryCount: 0 })
  expect(updates(asked)).toHaveLength(3)
})

test('an engine that goes on refusing is believed, and one that refuses for another reason at once', async () => {
  const policy = { Name: 'no', MaximumRetryCount: 0 } as const
  const stubborn = await refusing(100, ended)
  await expect(setRestartPolicy(stubborn.client, 'c1', policy)).rejects.toThrow(/cannot update a stopped container/)
  const other = await refusing(100, 'no space left on device')
  await expect(setRestartPolicy(other.client, 'c1', policy)).rejects.toThrow(/no space left/)
  expect(updates(other.asked)).toHaveLength(1)
})
