import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Authority, authoritiesHeader, ChangeAuthority } from '../../shared/api/authority.ts'
import { fingerprintsIn } from '../../shared/identity/roots.ts'
import type { Rotation } from '../identity/rotation.ts'
import { problems } from './problem.ts'

export type AuthorityRoutes = { readonly authority: Pick<Rotation, 'describe' | 'rotate' | 'finish'> }

// Whoever keeps the certificates (dray login) sees from any answer that they have changed, over a connection that the old ones
// vouch for.
export const nameAuthorities = (app: FastifyInstance, trusted: () => readonly string[]): void => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header(authoritiesHeader, fingerprintsIn(trusted().join('\n')).join(','))
  })
}

export const authorityRoutes =
  ({ authority }: AuthorityRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/authority',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'describeAuthority',
          summary: 'The certificate authority, and how far a change of it has come',
          response: { 200: Authority, ...problems() },
        },
      },
      async () => authority.describe(),
    )

    const changing = [
      'DRAYAGE_INVALID_REQUEST',
      'DRAYAGE_HOST_NOT_FOUND',
      'DRAYAGE_BODY_TOO_LARGE',
      'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
    ] as const
    const named = ({ without = [] }: ChangeAuthority): string | null =>
      without.length === 0 ? null : `without ${without.join(', ')}`

    app.post(
      '/v1/authority::rotate',
      {
        config: { role: 'admin' },
        schema: {
          operationId: 'rotateAuthority',
          summary: 'Changes the certificate authority for a new one, while everything runs',
          description:
            'Makes a new root and has all agents trust it beside the old one; when all hosts have said that they do, it issues, ' +
            'and agents renew their certificates. Asked again while a change is under way, it goes on with that one. Hosts named ' +
            'in `without` are not waited for.',
          body: ChangeAuthority,
          response: { 200: Authority, ...problems(...changing) },
        },
      },
      async (request) => {
        request.subject = named(request.body)
        return authority.rotate(request.body.without ?? [])
      },
    )

    app.post(
      '/v1/authority::finish',
      {
        config: { role: 'admin' },
        schema: {
          operationId: 'finishAuthority',
          summary: 'Ends a change of the certificate authority: the previous one is trusted no more',
          description:
            'Its key is removed. Refused while a host has no certificate of the new one, but for those named in `without`, ' +
            'whose agents must enrol again. Where nothing is under way, nothing is done.',
          body: ChangeAuthority,
          response: { 200: Authority, ...problems(...changing, 'DRAYAGE_ROTATION_WAITS') },
        },
      },
      async (request) => {
        request.subject = named(request.body)
        return authority.finish(request.body.without ?? [])
      },
    )
  }
