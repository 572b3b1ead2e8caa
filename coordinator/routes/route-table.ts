// Which methods a path has, so that a wrong method is told from a wrong path.
import type { FastifyInstance } from 'fastify'
import { AppError } from '../../shared/errors.ts'

export type RouteTable = {
  // Empty where no route has this path.
  methodsOf(path: string): string[]
}

// Before the first route: it notes each as it is added.
export const watchRoutes = (app: FastifyInstance): RouteTable => {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ pattern: patternOf(url), methods: [method].flat() })
  })
  return {
    methodsOf: (path) => [
      ...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods)),
    ],
  }
}

// In Fastify's paths `::` is a colon, `:name` is one segment, and `:name(^…)` what of a segment matches.
const patternOf = (url: string): RegExp => {
  const source = url
    .split('/')
    .map((segment) => {
      const [, matching, rest = ''] = /^:\w+(?:\(\^(.+?)\))?(.*)$/.exec(segment) ?? [undefined, undefined, undefined]
      const fixed = (text: string) => text.replaceAll('::', ':').replaceAll('.', '\\.')
      return /^:[^:]/.test(segment) ? (matching ?? '[^/]+') + fixed(rest) : fixed(segment)
    })
    .join('/')
  return new RegExp(`^${source}$`)
}

export const noSuchRoute = (table: RouteTable, method: string, path: string): AppError => {
  const allowed = table.methodsOf(path)
  if (allowed.length === 0) {
    return new AppError('DRAYAGE_ROUTE_NOT_FOUND', `There is nothing at ${path}. /openapi.json lists every route.`)
  }
  return new AppError('DRAYAGE_METHOD_NOT_ALLOWED', `${path} takes ${allowed.join(', ')}, not ${method}.`, {
    details: { allowed },
  })
}
