// What a shell learns from `dray`. shared/errors.ts gives each error its code; these are the meanings.
export const exitCodes = [
  { code: 0, meaning: 'done' },
  { code: 2, meaning: 'the request or the configuration is wrong' },
  { code: 3, meaning: 'what was asked about does not exist' },
  { code: 4, meaning: 'refused before anything changed' },
  { code: 5, meaning: 'failed; what had been done was undone' },
  { code: 6, meaning: 'somebody has to look' },
  { code: 7, meaning: 'out of reach: a process or an engine does not answer' },
  { code: 8, meaning: 'not allowed' },
  { code: 130, meaning: 'cancelled' },
] as const

export type ExitCode = (typeof exitCodes)[number]['code']

// The closing part of a command's help: the codes it can end with.
export const exitCodesHelp = (...codes: readonly ExitCode[]): string =>
  [
    'Exit codes:',
    ...exitCodes
      .filter(({ code }) => codes.length === 0 || codes.includes(code))
      .map(({ code, meaning }) => `  ${String(code).padEnd(5)}${meaning}`),
  ].join('\n')
