import { styleText } from 'node:util'

export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string

// Colours only where the stream is a terminal; NO_COLOR, NODE_DISABLE_COLORS and FORCE_COLOR are styleText's to heed.
export const paintFor =
  (stream: NodeJS.WritableStream): Paint =>
  (format, text) =>
    styleText(format, text, { stream })
