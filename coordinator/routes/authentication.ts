// Who asks, and whether he may: every route names the least role that may call it, or says that anyone may.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { mayAct, type Role } from '../../shared/api/tokens.ts'
import { AppError } from '../../shared/errors.ts'
import type { ApiTokens, Caller } from '../identity/api-tokens.ts'
import type { RateGuard } from './rate-limits.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    // anyone: without a token, too. A route without this is not accepted.
    readonly role?: Role | 'anyone'
  }
  interface FastifyRequest {
    // Null where anyone may ask, and until it is known.
    caller: Caller | null
  }
}

// Before the first route.
export const requireRoles = (app: FastifyInstance, tokens: Pick<ApiTokens, 'authenticate'>, rates: RateGuard): void => {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.role === undefined) throw new Error(`${String(method)} ${url} does not say who may call it`)
  })
  // Who is not known is counted by his address; who is, never waits for those who are not.
  const recognised = async (request: FastifyRequest): Promise<Caller> => {
    try {
      return await tokens.authenticate(bearerOf(request))
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'DRAYAGE_UNAUTHENTICATED') await rates.stranger(request)
      throw thrown
    }
  }
  app.decorateRequest('caller', null)
  app.addHook('onRequest', async (request) => {
    const { role } = request.routeOptions.config
    if (role === 'anyone') return rates.caller(request)
    const caller = await recognised(request)
    request.caller = caller
    await rates.caller(request)
    // What does not exist is told to everyone whom we know.
    if (role !== undefined && !mayAct(caller.role, role)) throw forbidden(caller, role)
  })
}

// For the handlers of routes that not anyone may call.
export const callerOf = ({ caller }: FastifyRequest): Caller => {
  if (caller === null) throw new Error('This route may be called by anyone, so nobody is known to have called it')
  return caller
}

const forbidden = ({ name, role }: Caller, needed: Role): AppError =>
  new AppError(
    'DRAYAGE_ROLE_FORBIDDEN',
    `This takes ${needed === 'admin' ? 'an' : 'a'} ${needed}'s token, and ${name} is ${role === 'viewer' ? 'a' : 'an'} ${role}'s. Nothing was done.`,
  )

// RFC 6750; the scheme's case does not matter (RFC 9110).
const bearerOf = ({ headers: { authorization } }: FastifyRequest): string => {
  const token = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(authorization ?? '')?.[1]
  if (token !== undefined) return token
  throw new AppError(
    'DRAYAGE_UNAUTHENTICATED',
    'A token is needed: send it as "Authorization: Bearer TOKEN". The first one is in admin-token, in the coordinator\'s data directory.',
  )
}
