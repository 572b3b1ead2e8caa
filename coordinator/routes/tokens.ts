import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { AddedToken, AddToken, ApiTokenList, TokenName } from '../../shared/api/tokens.ts'
import type { ApiTokens } from '../identity/api-tokens.ts'
import { callerOf } from './authentication.ts'
import { problems } from './problem.ts'

export type TokenRoutes = { readonly tokens: Pick<ApiTokens, 'list' | 'add' | 'remove'> }

export const tokenRoutes =
  ({ tokens }: TokenRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/tokens',
      {
        config: { role: 'admin' },
        schema: {
          operationId: 'listTokens',
          summary: 'The tokens that there are, without their secrets',
          response: { 200: ApiTokenList, ...problems() },
        },
      },
      async () => ({ tokens: await tokens.list() }),
    )

    app.post(
      '/v1/tokens',
      {
        config: { role: 'admin' },
        schema: {
          operationId: 'addToken',
          summary: 'Makes a token, which is shown in this answer and never again',
          body: AddToken,
          response: {
            201: AddedToken,
            ...problems(
              'DRAYAGE_INVALID_REQUEST',
              'DRAYAGE_TOKEN_EXISTS',
              'DRAYAGE_BODY_TOO_LARGE',
              'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
            ),
          },
        },
      },
      async (request, reply) => {
        const { body } = request
        request.subject = `${body.name}, ${body.role}`
        return reply.code(201).send(await tokens.add(body, callerOf(request)))
      },
    )

    app.delete(
      '/v1/tokens/:name',
      {
        config: { role: 'admin' },
        schema: {
          operationId: 'removeToken',
          summary: 'Takes a token back, at once',
          params: Type.Object({ name: TokenName }),
          response: {
            204: Type.Null(),
            ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_TOKEN_NOT_FOUND', 'DRAYAGE_LAST_ADMIN'),
          },
        },
      },
      async (request, reply) => {
        request.subject = request.params.name
        await tokens.remove(request.params.name)
        return reply.code(204).send(null)
      },
    )
  }
