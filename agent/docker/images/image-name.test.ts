import { expect, test } from 'vitest'
import { withTag } from './image-name.ts'

test('a name without a tag means latest, and a port is no tag', () => {
  expect(withTag('busybox')).toBe('busybox:latest')
  expect(withTag('busybox:1')).toBe('busybox:1')
  expect(withTag('registry.example:5000/team/app')).toBe('registry.example:5000/team/app:latest')
  expect(withTag('app@sha256:abc')).toBe('app@sha256:abc')
})
