// How much may be asked: enough for any script that waits between its questions, too little to guess tokens or to fill
// the audit with refusals.
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '../../shared/errors.ts'

export type RateLimits = {
  readonly perCallerAndMinute: number
  // Requests with no token, or a wrong one, of one address.
  readonly perStrangerAndMinute: number
}

export const defaultRateLimits: RateLimits = { perCallerAndMinute: 6_000, perStrangerAndMinute: 60 }

// Each counts the request, and throws DRAYAGE_RATE_LIMITED.
export type RateGuard = {
  caller(request: FastifyRequest): Promise<void>
  stranger(request: FastifyRequest): Promise<void>
}

export const guardRates = async (app: FastifyInstance, limits: RateLimits): Promise<RateGuard> => {
  await app.register(rateLimit, { global: false, timeWindow: '1 minute' })
  const limitTo = (max: number, keyGenerator: (request: FastifyRequest) => string) => {
    const count = app.createRateLimit({ max, keyGenerator })
    return async (request: FastifyRequest): Promise<void> => {
      const limit = await count(request)
      if (limit.isAllowed || !limit.isExceeded) return
      throw new AppError(
        'DRAYAGE_RATE_LIMITED',
        `Too much was asked: ${max} requests in a minute are taken. Nothing was done. Ask again in ${limit.ttlInSeconds} s.`,
        { details: { retryAfterSeconds: limit.ttlInSeconds } },
      )
    }
  }
  return {
    caller: limitTo(limits.perCallerAndMinute, ({ caller, ip }) => (caller === null ? `address/${ip}` : caller.id)),
    stranger: limitTo(limits.perStrangerAndMinute, ({ ip }) => ip),
  }
}
