import { expect, test } from 'vitest'
import { parseSources } from './apt.ts'

test('sources are read from the one-line form, with options or without', () => {
  const text = `
# deb http://commented.example/debian sid main
deb http://one.example/debian bookworm main contrib
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://two.example/debian/ sid main
deb-src http://sources.example/debian sid main
`
  expect(parseSources(text)).toEqual([
    { url: 'http://one.example/debian', suites: ['bookworm'] },
    { url: 'https://two.example/debian/', suites: ['sid'] },
  ])
})

test('sources are read from the deb822 form, with several addresses, several suites and comments', () => {
  const text = `
Types: deb
# http://snapshot.example/archive
URIs: http://one.example/debian http://two.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
`
  expect(parseSources(text)).toEqual([
    { url: 'http://one.example/debian', suites: ['bookworm', 'bookworm-updates'] },
    { url: 'http://two.example/debian', suites: ['bookworm', 'bookworm-updates'] },
  ])
})
