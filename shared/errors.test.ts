import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AppError, asAppError, type ErrorMeaning, errorTable, isErrorCode } from './errors.ts'
import { packageRoot } from './package-root.ts'

const document = readFileSync(join(packageRoot, 'docs/errors.md'), 'utf8')

// code → the text of its section.
const sections = new Map(
  [...document.matchAll(/^## (\S+)\n([\s\S]*?)(?=^#{1,2} |$(?![\s\S]))/gm)].map(([, code = '', text = '']) => [
    code,
    text,
  ]),
)
const codes = Object.keys(errorTable)

test('docs/errors.md explains every code of the table, once, and no other', () => {
  expect([...sections.keys()].toSorted()).toEqual(codes.toSorted())
  expect(document.match(/^## /gm)).toHaveLength(codes.length)
})

test('docs/errors.md gives each code’s HTTP status, exit code, and whether it may pass, as the table has them', () => {
  for (const [code, { http, exit, retry }] of Object.entries<ErrorMeaning>(errorTable)) {
    const line = `HTTP ${http}, exit ${exit}${retry ? '; may pass by itself' : ''}.`
    expect(sections.get(code)?.split('\n'), code).toContain(line)
  }
})

test('docs/errors.md says of each code what it means and what to do', () => {
  for (const [code, text] of sections) {
    const [meaning = '', advice = ''] = text.trim().split('\n\n')
    expect(meaning.length, code).toBeGreaterThan(20)
    expect(advice, code).toMatch(/^\*\*What to do\.\*\* \S/)
  }
})

test('docs/errors.md lists every exit code that an error can have', () => {
  const listed = [...document.matchAll(/^\| (\d+) \|/gm)].map(([, exit]) => Number(exit))
  const used = new Set(Object.values<ErrorMeaning>(errorTable).map(({ exit }) => exit))
  expect(new Set(listed)).toEqual(new Set([0, ...used]))
})

test('an error keeps its code, its reasons and its cause through asAppError; anything else becomes internal', () => {
  const reasons = [{ code: 'DRAYAGE_PORT_TAKEN', message: 'taken' }]
  const known = new AppError('DRAYAGE_PLAN_REFUSED', 'no', { details: { reasons } })
  expect(asAppError(known)).toBe(known)
  const cause = new TypeError('x is undefined')
  expect(asAppError(cause, 'Planning failed')).toMatchObject({
    code: 'DRAYAGE_INTERNAL',
    message: 'Planning failed: x is undefined',
    cause,
  })
  expect(asAppError('text')).toMatchObject({ code: 'DRAYAGE_INTERNAL', details: {} })
})

test('only the table’s own codes are codes', () => {
  expect(isErrorCode('DRAYAGE_CANCELLED')).toBe(true)
  expect(['toString', '__proto__', 'DRAYAGE_', ''].filter(isErrorCode)).toEqual([])
})
