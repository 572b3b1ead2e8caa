// grpc-js serialises every message into memory of its own and copies that once more to put the frame's head before it.
// A message that was made in place (piece-messages.ts) is a frame already: it goes to the HTTP/2 stream as it stands.
//
// The stream is a private part of grpc-js's innermost call. Where it is not found the message goes the usual way, which is
// slower and the same on the wire.
import type { ServerHttp2Stream } from 'node:http2'
import { Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js'
import { frameOf } from './piece-messages.ts'

const streamOf = (call: object): ServerHttp2Stream | undefined => {
  const { stream } = call as { readonly stream?: ServerHttp2Stream }
  return typeof stream?.write === 'function' ? stream : undefined
}

const streams = new WeakMap<object, ServerHttp2Stream>()

// Whether the line is free and something lies here all the same: then the receiver has used up what HTTP/2 lets it have
// unread. false: it is the line that is waited for, or nothing is, or it is not known. Only while something waits does the
// answer mean anything. The queue of the socket is a private part of Node (lib/internal/stream_base_commons.js).
// call: as a handler gets it.
export const waitsForReceiver = (call: object): boolean => {
  const { call: intercepted } = call as { readonly call?: object }
  const stream = intercepted === undefined ? undefined : streams.get(intercepted)
  if (stream?.session === undefined || stream.destroyed || stream.session.destroyed) return false
  const { _handle: handle } = stream.session.socket as { readonly _handle?: { readonly writeQueueSize?: unknown } }
  return stream.writableLength > 0 && handle?.writeQueueSize === 0
}

export const sendInPlace: ServerInterceptor = (_, call) => {
  const intercepted = new ServerInterceptingCall(call)
  const stream = streamOf(call)
  if (stream !== undefined) streams.set(intercepted, stream)
  const usual = intercepted.sendMessage.bind(intercepted)
  intercepted.sendMessage = (message, callback) => {
    const framed = frameOf(message)
    if (framed === undefined) {
      usual(message, callback)
      return
    }
    const { frame, sent } = framed
    if (stream === undefined || stream.destroyed || stream.writableEnded) {
      usual(message, callback)
      // It was copied, or will not be sent.
      sent()
      return
    }
    call.sendMetadata(new Metadata())
    stream.write(frame, (error) => {
      sent()
      if (error) call.sendStatus({ code: status.INTERNAL, details: `A message was not written: ${error.message}` })
      else callback()
    })
  }
  return intercepted
}
