// The REST interface on its stand-in parts, anew for each test of the file that asks for it.
import { afterEach, beforeEach, expect } from 'vitest'
import type { Problem } from '../../shared/api/common.ts'
import { type AppDeps, buildApp } from '../app.ts'
import { audited, deps, started } from './stand-in-parts.ts'

export type Call = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

type App = Awaited<ReturnType<typeof buildApp>>
type Answer = Awaited<ReturnType<App['inject']>>

export type RestInterface = {
  app(): App
  // With the token of an admin, unless the headers name another.
  call(url: string, options?: Call): Promise<Answer>
  // The problem document that is the answer.
  problem(url: string, options?: Call): Promise<Problem>
  reopen(changes: Partial<AppDeps>): Promise<void>
}

export const restInterface = (): RestInterface => {
  let app: App
  beforeEach(async () => {
    started.length = 0
    audited.length = 0
    app = await buildApp(deps)
  })
  afterEach(() => app.close())

  const call: RestInterface['call'] = (url, { method = 'GET', body, headers = {} } = {}) =>
    app.inject({
      url,
      method,
      headers: { authorization: 'Bearer good', ...headers },
      ...(body === undefined ? {} : { payload: body as object }),
    })
  return {
    app: () => app,
    call,
    problem: async (url, options) => {
      const reply = await call(url, options)
      expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/)
      const document: Problem = reply.json()
      expect(document).toMatchObject({
        status: reply.statusCode,
        type: `urn:drayage:error:${document.code}`,
        title: expect.any(String),
        detail: expect.any(String),
        retry: expect.any(Boolean),
      })
      return document
    },
    reopen: async (changes) => {
      await app.close()
      app = await buildApp({ ...deps, ...changes })
    },
  }
}
