import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { InspectedImage, Json } from '../api/answers.ts'
import { configurationOf, sameImage } from './image-identity.ts'
import { loadedFrom } from './images.ts'

const fixture = (name: string): InspectedImage =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'))
const [legacy, current] = [fixture('image-20.10'), fixture('image-28.5')]

const identityOf = (image: InspectedImage) => ({
  id: image.Id,
  layers: image.RootFS.Layers ?? [],
  os: image.Os,
  architecture: image.Architecture,
  configuration: configurationOf(image),
})
const changed = (config: Json, more: Partial<InspectedImage> = {}): InspectedImage => ({
  ...current,
  Config: { ...current.Config, ...config },
  ...more,
})

test('the same image is the same on engines that show it differently and give it other ids', () => {
  expect(legacy.Id).not.toBe(current.Id)
  expect(legacy.Config).not.toEqual(current.Config)
  expect(sameImage(identityOf(legacy), current)).toBe(true)
})

test.each([
  ['command', { Cmd: ['false'] }],
  ['environment', { Env: ['A=2'] }],
  ['labels', { Labels: { img: '' } }],
  ['volumes', { Volumes: { '/data': {}, '/more': {} } }],
  ['no volumes', { Volumes: {} }],
  ['ports', { ExposedPorts: { '8080/udp': {} } }],
  ['health check', { Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 6000000000 } }],
  ['stop signal', { StopSignal: 'SIGINT' }],
])('another %s is another image', (_, config) => {
  expect(sameImage(identityOf(current), changed(config))).toBe(false)
})

test('the order in which an engine tells labels does not matter, that of the environment does', () => {
  const [one, other] = [changed({ Labels: { a: '1', b: '2' } }), changed({ Labels: { b: '2', a: '1' } })]
  expect(configurationOf(one)).toBe(configurationOf(other))
  expect(configurationOf(changed({ Env: ['A=1', 'A=2'] }))).not.toBe(configurationOf(changed({ Env: ['A=2', 'A=1'] })))
})

test('other layers, fewer layers, no layers and another platform are another image', () => {
  const layers = current.RootFS.Layers ?? []
  const identity = identityOf(current)
  expect(sameImage(identity, changed({}, { RootFS: { Layers: [...layers, 'sha256:more'] } }))).toBe(false)
  expect(sameImage(identity, changed({}, { RootFS: { Layers: ['sha256:other'] } }))).toBe(false)
  expect(sameImage({ ...identity, layers: [] }, changed({}, { RootFS: {} }))).toBe(false)
  expect(sameImage(identity, changed({}, { Architecture: 'arm64' }))).toBe(false)
  expect(sameImage(identity, changed({}, { Os: 'windows' }))).toBe(false)
})

test('what `docker load` says is understood: ids, names, and an error after a good status', () => {
  const id = `sha256:${'a'.repeat(64)}`
  expect(loadedFrom(`{"stream":"Loaded image ID: ${id}\\n"}\r\n`)).toEqual({ names: [id], error: '' })
  const named = '{"status":"Loading layer","progress":"1/2"}\n{"stream":"Loaded image: example.test:5000/a/b:1\\n"}\n'
  expect(loadedFrom(named)).toEqual({ names: ['example.test:5000/a/b:1'], error: '' })
  const failed = '{"errorDetail":{"message":"unexpected EOF"},"error":"unexpected EOF"}\n'
  expect(loadedFrom(failed)).toEqual({ names: [], error: 'unexpected EOF' })
  expect(loadedFrom('')).toEqual({ names: [], error: '' })
  expect(loadedFrom('not json\nnull\n')).toEqual({ names: [], error: '' })
})
