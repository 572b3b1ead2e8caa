// Server-sent events, as the WHATWG HTML standard §9.2 has them on the wire: pure, fed in pieces cut anywhere.
import { AppError } from '../../shared/errors.ts'

export type ServerSentEvent = { readonly event: string; readonly data: string }

export type EventStreamParser = {
  // The events that this piece completes. Comments (the server's heartbeat) are none.
  push(piece: string): readonly ServerSentEvent[]
}

// Far above a migration of thousands of rounds; without a bound a server gone wrong would fill the memory.
const longestEvent = 64 * 1024 * 1024

export const createEventStreamParser = (): EventStreamParser => {
  let rest = ''
  let skipLineFeed = false
  let event = ''
  let data: string[] = []

  const endOfEvent = (): readonly ServerSentEvent[] => {
    const complete = data.length === 0 ? [] : [{ event: event === '' ? 'message' : event, data: data.join('\n') }]
    event = ''
    data = []
    return complete
  }

  const line = (text: string): readonly ServerSentEvent[] => {
    if (text === '') return endOfEvent()
    const colon = text.indexOf(':')
    const field = colon === -1 ? text : text.slice(0, colon)
    const value = colon === -1 ? '' : text.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') event = value
    if (field === 'data') data.push(value)
    return []
  }

  return {
    push: (piece) => {
      const found: ServerSentEvent[] = []
      // A line may end in CR LF, and the piece between the two.
      rest += skipLineFeed && piece.startsWith('\n') ? piece.slice(1) : piece
      if (piece !== '') skipLineFeed = false
      let from = 0
      for (const end of rest.matchAll(/\r\n|\n|\r/g)) {
        found.push(...line(rest.slice(from, end.index)))
        from = end.index + end[0].length
        skipLineFeed = end[0] === '\r' && from === rest.length
      }
      rest = rest.slice(from)
      if (rest.length + data.reduce((sum, { length }) => sum + length, 0) > longestEvent) {
        throw new AppError('DRAYAGE_INTERNAL', 'The coordinator sent an event too long to be one; watching by polling.')
      }
      return found
    },
  }
}
