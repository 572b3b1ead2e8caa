// The messages that are encoded here, against the codec that @grpc/proto-loader makes of proto/transfer.proto.
import { join } from 'node:path'
import { loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync, type MethodDefinition } from '@grpc/proto-loader'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '../package-root.ts'
import type { VolumePiece } from './generated/drayage/v1/VolumePiece.ts'
import type { ProtoGrpcType } from './generated/transfer.ts'
import { loaderOptions } from './loader-options.ts'
import { frameOf, headRoom, messageInPlace, wrappedInPlace } from './piece-messages.ts'
import { compressedField, pieceFields, services } from './services.ts'

type Codec = Pick<MethodDefinition<object, object>, 'responseSerialize' | 'responseDeserialize'>

const loaded = loadPackageDefinition(loadSync(join(packageRoot, 'proto', 'transfer.proto'), loaderOptions))
const theirs = (loaded as unknown as ProtoGrpcType).drayage.v1.Transfer.service

const methods = (['PullVolume', 'PullImage'] as const).map((name) => ({
  name,
  field: pieceFields[name],
  ours: services.Transfer[name] as unknown as Codec,
  theirs: theirs[name] as unknown as Codec,
}))

const bytes = (maxLength = 400) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))
// Around the lengths at which another byte is needed to tell them.
const lengths = fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 1024 * 1024, 2_097_151, 2_097_152)
const otherMessages = fc.constantFrom<object>(
  { announced: { entries: 3, contentBytes: 2 ** 40, depth: 4, pathBytes: 5, recordBytes: 6 } },
  { summary: { entries: 2, digest: 'ab', skipped: [{ path: Buffer.from('a\n'), reason: 'a socket' }] } },
  {},
)
const outcome = (deserialize: (bytes: Buffer) => object, message: Buffer): unknown => {
  try {
    return deserialize(message)
  } catch {
    return 'refused'
  }
}
const varint = (value: number): number[] => (value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(value >>> 7)])

describe.for(methods)('a piece of $name', ({ field, ours, theirs }) => {
  test('is encoded byte for byte as the contract says, whatever its length', () => {
    const same = (piece: Buffer) => {
      const message = { [field.name]: piece }
      expect(ours.responseSerialize(message).equals(theirs.responseSerialize(message))).toBe(true)
    }
    fc.assert(fc.property(bytes(), same))
    fc.assert(
      fc.property(lengths, (length) => same(Buffer.alloc(length, 7))),
      { numRuns: 30 },
    )
  })

  test('is read from what the contract says, and from the memory of the message', () => {
    fc.assert(
      fc.property(bytes(), (piece) => {
        const message = theirs.responseSerialize({ [field.name]: piece })
        const read = ours.responseDeserialize(message)
        expect(read).toEqual(theirs.responseDeserialize(message))
        expect((read as Record<string, Buffer>)[field.name]?.buffer).toBe(message.buffer)
      }),
    )
  })

  test('that is made in place is the same message, after the head that gRPC puts before it', () => {
    fc.assert(
      fc.property(lengths, (length) => {
        const memory = Buffer.alloc(headRoom + length + 3, 9)
        const piece = memory.subarray(headRoom, headRoom + length)
        const expected = theirs.responseSerialize({ [field.name]: Buffer.from(piece) })
        const { frame } = frameOf(messageInPlace<Record<string, Buffer>>(field, piece, () => {})) ?? {}
        expect(frame?.readUInt8(0)).toBe(0)
        expect(frame?.readUInt32BE(1)).toBe(expected.length)
        expect(frame?.subarray(5).equals(expected)).toBe(true)
        expect(frame?.buffer).toBe(memory.buffer)
        expect(memory.subarray(headRoom + length)).toEqual(Buffer.alloc(3, 9))
      }),
    )
  })

  test('is refused where there is no room before it', () => {
    expect(() =>
      messageInPlace<Record<string, Buffer>>(field, Buffer.from(new ArrayBuffer(8), 0, 8), () => {}),
    ).toThrow()
  })

  test('with fields that nobody knows, or cut, or altered anywhere, is read as the contract says or refused', () => {
    const unknown = fc
      .tuple(fc.integer({ min: 9, max: 5_000 }), bytes(20))
      .map(([number, value]) => Buffer.from([...varint(number * 8 + 2), value.length, ...value]))
    const damage = fc.record({ at: fc.nat(), xor: fc.integer({ min: 1, max: 255 }), cut: fc.nat({ max: 40 }) })
    const same = (message: Buffer): void => {
      expect(outcome(ours.responseDeserialize, message)).toEqual(outcome(theirs.responseDeserialize, message))
    }
    fc.assert(
      fc.property(bytes(200), fc.option(unknown), fc.option(unknown), fc.option(damage), (piece, first, last, harm) => {
        const whole = theirs.responseSerialize({ [field.name]: piece })
        const message = Buffer.concat([first ?? Buffer.alloc(0), whole, last ?? Buffer.alloc(0)])
        if (harm === null) return same(message)
        const altered = Buffer.from(message)
        const at = harm.at % altered.length
        altered[at] = (altered[at] ?? 0) ^ harm.xor
        same(altered)
        same(message.subarray(0, Math.max(0, message.length - harm.cut)))
      }),
      { numRuns: 2_000 },
    )
  })

  test('is read as the contract says from any bytes at all', () => {
    fc.assert(
      fc.property(bytes(30), (message) => {
        expect(outcome(ours.responseDeserialize, message)).toEqual(outcome(theirs.responseDeserialize, message))
      }),
      { numRuns: 2_000 },
    )
  })
})

test('a compressed piece that is made in place is what the contract says, after the head that gRPC puts before it', () => {
  const [volume] = methods
  const told = fc.oneof(fc.constantFrom(1, 127, 128, 16_384, 1024 * 1024), fc.integer({ min: 1, max: 2 ** 32 - 1 }))
  fc.assert(
    fc.property(lengths, told, (length, bytes) => {
      const memory = Buffer.alloc(headRoom + length + 3, 9)
      const zstd = memory.subarray(headRoom, headRoom + length)
      const message = { compressed: { bytes, zstd: Buffer.from(zstd) } }
      const expected = volume?.theirs.responseSerialize(message) ?? Buffer.alloc(0)
      const made = wrappedInPlace<VolumePiece>(compressedField, bytes, zstd, () => {})
      expect(volume?.ours.responseSerialize(made).equals(expected)).toBe(true)
      const { frame } = frameOf(made) ?? {}
      expect(frame?.readUInt8(0)).toBe(0)
      expect(frame?.readUInt32BE(1)).toBe(expected.length)
      expect(frame?.subarray(5).equals(expected)).toBe(true)
      expect(frame?.buffer).toBe(memory.buffer)
      expect(memory.subarray(headRoom + length)).toEqual(Buffer.alloc(3, 9))
    }),
  )
})

test('messages that carry no piece are what they were', () => {
  const [volume] = methods
  fc.assert(
    fc.property(otherMessages, (message) => {
      const encoded = volume?.ours.responseSerialize(message) ?? Buffer.alloc(0)
      expect(encoded.equals(volume?.theirs.responseSerialize(message) ?? Buffer.alloc(1))).toBe(true)
      expect(volume?.ours.responseDeserialize(encoded)).toEqual(volume?.theirs.responseDeserialize(encoded))
    }),
  )
})
