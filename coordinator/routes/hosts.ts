import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { HostName } from '../../shared/api/common.ts'
import { AddedHost, AddHost, Host, HostList } from '../../shared/api/hosts.ts'
import type { HostDirectory } from '../agents/directory.ts'
import { problems } from './problem.ts'

export const hostRoutes =
  (hosts: HostDirectory): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/hosts',
      {
        schema: {
          operationId: 'listHosts',
          summary: 'Every host that was ever added',
          response: { 200: HostList, ...problems('DRAYAGE_UNAUTHENTICATED') },
        },
      },
      async () => ({ hosts: await hosts.list() }),
    )

    app.post(
      '/v1/hosts',
      {
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
              'DRAYAGE_UNAUTHENTICATED',
              'DRAYAGE_HOST_EXISTS',
              'DRAYAGE_BODY_TOO_LARGE',
              'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
            ),
          },
        },
      },
      async ({ body }, reply) => {
        const added = await hosts.add(body.name)
        return reply.code(201).header('location', `/v1/hosts/${added.name}`).send(added)
      },
    )

    app.get(
      '/v1/hosts/:name',
      {
        schema: {
          operationId: 'getHost',
          summary: 'One host',
          params: Type.Object({ name: HostName }),
          response: {
            200: Host,
            ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_UNAUTHENTICATED', 'DRAYAGE_HOST_NOT_FOUND'),
          },
        },
      },
      async ({ params }) => hosts.get(params.name),
    )
  }
