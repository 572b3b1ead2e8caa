// grpc-js serialises every message into memory of its own and copies that once more to put the frame's head before it.
// A message that was made in place (piece-messages.ts) is a frame already: it goes to the HTTP/2 stream as it stands.
//
// The stream is a private part of grpc-js's innermost call. Where it is not found the message goes the usual way, which is
// slower and the same on the wire.
import type { Writable } from 'node:stream'
import { Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js'
import { frameOf } from './piece-messages.ts'

const streamOf = (call: object): Writable | undefined => {
  const { stream } = call as { readonly stream?: unknown }
  return typeof (stream as Writable | undefined)?.write === 'function' ? (stream as Writable) : undefined
}

export const sendInPlace: ServerInterceptor = (_, call) => {
  const intercepted = new ServerInterceptingCall(call)
  const stream = streamOf(call)
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
