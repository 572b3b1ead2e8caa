// How messages look in TypeScript. Said twice, once to the loader that runs and once to the generator of its types:
// kept here so that they cannot differ. 64-bit integers are JS numbers: all of ours count bytes, entries and epochs,
// which stay below 2^53.
export const loaderOptions = {
  keepCase: false,
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
} as const

export const loaderFlags = ['--longs=Number', '--enums=String', '--defaults', '--oneofs'] as const
