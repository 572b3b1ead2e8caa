// How long the other side of a connection may say nothing before it counts as gone: the one number that the others here
// follow from. Too short, and a busy machine is taken for a dead one; too long, and a hand-over waits for the dead.

export const defaultSilenceMs = 20_000

// A ping, and the wait for its answer. Answered by the other process, not by its kernel: one that hangs is found too.
export const keepalive = (silenceMs: number) => ({
  'grpc.keepalive_time_ms': Math.ceil(silenceMs / 2),
  'grpc.keepalive_timeout_ms': Math.ceil(silenceMs / 2),
})

// Between two messages of a stream whose giver has something to say about once a second.
export const stallMs = (silenceMs: number): number => 3 * silenceMs
// Between two pieces of a volume or an image; the giver tells that it lives when it has none.
export const pieceStallMs = (silenceMs: number): number => Math.ceil(1.5 * silenceMs)
export const signOfLifeMs = (silenceMs: number): number => Math.ceil(silenceMs / 4)
