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

// How many bytes the receiver would still take without having used what it has; undefined: not known.
// call: as a handler gets it.
export const receiversWindow = (call: object): number | undefined => {
  const { call: intercepted } = call as { readonly call?: object }
  const session = intercepted === undefined ? undefined : streams.get(intercepted)?.session
  return session?.destroyed === false ? session.state.remoteWindowSize : undefined
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
