import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { HostName } from '../../shared/api/common.ts'
import {
  AddedHost,
  AddHost,
  FencedHost,
  FenceHost,
  Host,
  HostList,
  RemovedHost,
  RemoveHostQuery,
} from '../../shared/api/hosts.ts'
import type { HostDirectory } from '../agents/directory.ts'
import type { Fencing } from '../fencing/fencing.ts'
import { callerOf } from './authentication.ts'
import { problems } from './problem.ts'

export type HostRoutes = {
  readonly hosts: HostDirectory
  readonly fencing: Pick<Fencing, 'fence'>
}

export const hostRoutes =
  ({ hosts, fencing }: HostRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/hosts',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listHosts',
          summary: 'Every host that was ever added',
          response: { 200: HostList, ...problems() },
        },
      },
      async () => ({ hosts: await hosts.list() }),
    )

    app.post(
      '/v1/hosts',
      {
        config: { role: 'admin' },
        schema: {
          operationId: 'addHost',
          summary: 'Adds a host and gives the token with which its agent joins',
          description:
            'Asked again, it gives a new token and takes back one that was not used. For a host that was installed anew ' +
            'too: while its agent is not online, whoever joins with the new token takes its place.',
          body: AddHost,
          response: {
            201: AddedHost,
            ...problems(
              'DRAYAGE_INVALID_REQUEST',
              'DRAYAGE_HOST_EXISTS',
              'DRAYAGE_BODY_TOO_LARGE',
              'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
            ),
          },
        },
      },
      async (request, reply) => {
        request.subject = request.body.name
        const added = await hosts.add(request.body.name)
        return reply.code(201).header('location', `/v1/hosts/${added.name}`).send(added)
      },
    )

    app.get(
      '/v1/hosts/:name',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'getHost',
          summary: 'One host',
          params: Type.Object({ name: HostName }),
          response: {
            200: Host,
            ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_HOST_NOT_FOUND'),
          },
        },
      },
      async ({ params }) => hosts.get(params.name),
    )

    app.delete(
      '/v1/hosts/:name',
      {
        config: { role: 'admin' },
        schema: {
          operationId: 'removeHost',
          summary: 'Takes a host out, and refuses its certificate from now on',
          description:
            'At once here, and at the other agents as soon as they are told, with their next heartbeat; connections that it ' +
            'has are closed. Nothing on it is stopped or removed. Refused with every reason while a migration is under way ' +
            'with it, and while it holds what is not given up.',
          params: Type.Object({ name: HostName }),
          querystring: RemoveHostQuery,
          response: {
            200: RemovedHost,
            ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_HOST_NOT_FOUND', 'DRAYAGE_HOST_IN_USE'),
          },
        },
      },
      async ({ params, query }) => hosts.remove(params.name, [query.giveUp ?? []].flat()),
    )

    app.post(
      '/v1/hosts/:name/fence',
      {
        config: { role: 'admin' },
        schema: {
          operationId: 'fenceHost',
          summary: 'Takes your word that a host is down, and ends what waits for it',
          description:
            'For a host that is powered off or gone for good: not for one that merely cannot be reached, since what runs ' +
            'on it goes on running. Migrations that wait for it end, each as is safe without it. When its agent is back, ' +
            'it is told first what became of its workloads. Refused while its agent is heard of or answers. Idempotent.',
          params: Type.Object({ name: HostName }),
          body: FenceHost,
          response: {
            200: FencedHost,
            ...problems(
              'DRAYAGE_INVALID_REQUEST',
              'DRAYAGE_HOST_NOT_FOUND',
              'DRAYAGE_HOST_ANSWERS',
              'DRAYAGE_BODY_TOO_LARGE',
              'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
            ),
          },
        },
      },
      async (request) => {
        const { at, migrations, ...fence } = await fencing.fence(request.params.name, callerOf(request).name)
        return { ...fence, at: at.toISOString(), migrations: [...migrations] }
      },
    )
  }
