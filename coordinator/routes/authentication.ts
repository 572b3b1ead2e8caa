import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '../../shared/errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    // Answers to anyone. Every other route asks for a token.
    readonly public?: boolean
  }
  interface FastifyRequest {
    // Of the token that the caller presented; empty on public routes.
    tokenId: string
  }
}

// The token's id, or null for one that is not known.
export type Authenticate = (token: string) => Promise<string | null>

// Also asked of those who ask for what does not exist.
export const requireToken = (app: FastifyInstance, authenticate: Authenticate): void => {
  app.decorateRequest('tokenId', '')
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.public === true) return
    const token = bearerOf(request)
    const id = token === null ? null : await authenticate(token)
    if (id === null) {
      throw new AppError(
        'DRAYAGE_UNAUTHENTICATED',
        token === null
          ? 'A token is needed: send it as "Authorization: Bearer TOKEN". The first one is in admin-token, in the coordinator\'s data directory.'
          : "The token is not known here. Check that it is whole, and that it is this coordinator's.",
      )
    }
    request.tokenId = id
  })
}

// RFC 6750; the scheme's case does not matter (RFC 9110).
const bearerOf = ({ headers: { authorization } }: FastifyRequest): string | null =>
  /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(authorization ?? '')?.[1] ?? null
