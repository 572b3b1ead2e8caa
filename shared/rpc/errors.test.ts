import {
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppError } from '../errors.ts'
import { fromStatus, toStatus } from './errors.ts'

const asItIs = (bytes: Buffer): Buffer => bytes
const service = {
  Fail: {
    path: '/errors/Fail',
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
} satisfies ServiceDefinition

let thrown: AppError
const server = new Server()
const Client = makeGenericClientConstructor(service, 'errors')
let client: InstanceType<typeof Client>
beforeAll(async () => {
  server.addService(service, {
    Fail: (_: unknown, answer: sendUnaryData<Buffer>) => answer(toStatus(thrown)),
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
})
afterAll(() => {
  client?.close()
  server.forceShutdown()
})

const arrived = (error: AppError): Promise<AppError> => {
  thrown = error
  return new Promise((resolve) => {
    const call = client['Fail'] as (bytes: Buffer, done: (failure: ServiceError) => void) => void
    call.call(client, Buffer.alloc(0), (failure) => resolve(fromStatus(failure, 'host-2', 'DRAYAGE_AGENT_UNREACHABLE')))
  })
}

test('an error arrives with its code, its message and its details', async () => {
  const error = new AppError('DRAYAGE_TARGET_FULL', 'no room for “ü”', { details: { count: 2, paths: ['a', 'b'] } })
  const { code, message, details } = await arrived(error)
  expect({ code, message, details }).toEqual({ code: error.code, message: error.message, details: error.details })
})

// What a volume with hostile names can bring about.
test('an error that is too large for a header arrives all the same, with less of its lists and of its message', async () => {
  const path = '\u{fffd}\\u001b'.repeat(60)
  const paths = Array.from({ length: 100 }, (_, index) => ({ path: `${index} ${path}`, what: 'w'.repeat(100) }))
  const { code, message, details } = await arrived(
    new AppError('DRAYAGE_UNREPRESENTABLE', `it cannot hold ${path.repeat(100)}`, { details: { count: 100, paths } }),
  )
  expect(code).toBe('DRAYAGE_UNREPRESENTABLE')
  expect(message).toMatch(/^it cannot hold .*…$/s)
  expect(details['count']).toBe(100)
  expect(details['paths']).toEqual(paths.slice(0, (details['paths'] as unknown[]).length))
  expect((details['paths'] as unknown[]).length).toBeGreaterThan(10)

  const one = await arrived(new AppError('DRAYAGE_UNREPRESENTABLE', 'x', { details: { path: path.repeat(1000) } }))
  expect(one).toMatchObject({ code: 'DRAYAGE_UNREPRESENTABLE', message: 'x', details: {} })
})
