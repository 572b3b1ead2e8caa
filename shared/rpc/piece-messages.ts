// Messages that carry a piece of a stream, on the wire: by protobuf's rules, and without a copy of the piece where it can
// be had. A generic encoder makes two of each, which costs more than the encryption.
//
// Source: protobuf.dev/programming-guides/encoding. A field of bytes is a varint of its number and wire type 2, a varint
// of its length, and the bytes. gRPC puts five bytes before each message: 0 (it is not compressed), and its length as a
// 32-bit big-endian number.

// What has to be free in memory before a piece for it to be framed where it stands.
export const headRoom = 24

const grpcHead = 5
const varintType = 0
const lengthDelimited = 2

// What a message type that carries pieces calls them.
export type PieceField = { readonly name: string; readonly number: number }

// A message within the message, that carries the piece and a number that is told of it.
export type WrappedPieceField = PieceField & { readonly told: PieceField; readonly piece: PieceField }

type Serialize = (message: object) => Buffer
type Deserialize = (bytes: Buffer) => object

const varintBytes = (value: number): number => (value < 0x80 ? 1 : 1 + varintBytes(Math.floor(value / 0x80)))

const writeVarint = (into: Buffer, at: number, value: number): number => {
  let rest = value
  while (rest >= 0x80) {
    into[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  into[at++] = rest
  return at
}

const tagOf = ({ number }: PieceField): number => number * 8 + lengthDelimited
const headBytes = (field: PieceField, length: number): number => varintBytes(tagOf(field)) + varintBytes(length)

const writeHead = (into: Buffer, at: number, field: PieceField, length: number): number =>
  writeVarint(into, writeVarint(into, at, tagOf(field)), length)

const frames = new WeakMap<object, { readonly frame: Buffer; readonly sent: () => void }>()

// For gRPC's head and the message's own, of so many bytes, and the piece.
const frameAround = (piece: Buffer, head: number): Buffer => {
  const frame = Buffer.from(piece.buffer, piece.byteOffset - grpcHead - head, grpcHead + head + piece.length)
  frame[0] = 0
  frame.writeUInt32BE(head + piece.length, 1)
  return frame
}

// A message with this piece, to be sent from the memory in which it stands: `headRoom` bytes before it are overwritten,
// and the piece must not be touched until `sent` is called, once, when its bytes have gone or will not.
export const messageInPlace = <T extends object>(
  field: PieceField & { readonly name: keyof T },
  piece: Buffer,
  sent: () => void,
): T => {
  const message = { [field.name]: piece } as T
  const frame = frameAround(piece, headBytes(field, piece.length))
  writeHead(frame, grpcHead, field, piece.length)
  frames.set(message, { frame, sent })
  return message
}

// The same for a piece that stands in a message within. `told` is more than 0, which would not be written.
export const wrappedInPlace = <T extends object>(
  field: WrappedPieceField & { readonly name: keyof T },
  told: number,
  piece: Buffer,
  sent: () => void,
): T => {
  const message = { [field.name]: { [field.told.name]: told, [field.piece.name]: piece } } as T
  const toldTag = field.told.number * 8 + varintType
  const within = varintBytes(toldTag) + varintBytes(told) + headBytes(field.piece, piece.length)
  const frame = frameAround(piece, headBytes(field, within + piece.length) + within)
  let at = writeHead(frame, grpcHead, field, within + piece.length)
  at = writeVarint(frame, writeVarint(frame, at, toldTag), told)
  writeHead(frame, at, field.piece, piece.length)
  frames.set(message, { frame, sent })
  return message
}

// With gRPC's head. undefined: the message was not made in place.
export const frameOf = (message: object) => frames.get(message)

// A message of a piece alone is written here, any other one as before.
export const pieceSerializer =
  (field: PieceField, other: Serialize): Serialize =>
  (message) => {
    const piece = (message as Record<string, unknown>)[field.name]
    if (!Buffer.isBuffer(piece)) return other(message)
    const head = headBytes(field, piece.length)
    const bytes = Buffer.allocUnsafe(head + piece.length)
    writeHead(bytes, 0, field, piece.length)
    piece.copy(bytes, head)
    return bytes
  }

// The piece, where the message is that and nothing else.
const pieceIn = (field: PieceField, bytes: Buffer): Buffer | undefined => {
  const tag = tagOf(field)
  if (tag >= 0x80 || bytes[0] !== tag) return undefined
  let length = 0
  for (let at = 1, scale = 1; at <= 5; at++, scale *= 0x80) {
    const byte = bytes[at]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * scale
    if (byte < 0x80) return at + 1 + length === bytes.length ? bytes.subarray(at + 1) : undefined
  }
  return undefined
}

// A message of a piece alone is read here, and the piece stays in the message's memory; any other one, damaged ones among
// them, is read as before. `oneof`: the name of that which the field belongs to.
export const pieceDeserializer =
  (field: PieceField, oneof: string | undefined, other: Deserialize): Deserialize =>
  (bytes) => {
    const piece = pieceIn(field, bytes)
    if (piece === undefined) return other(bytes)
    return oneof === undefined ? { [field.name]: piece } : { [field.name]: piece, [oneof]: field.name }
  }
