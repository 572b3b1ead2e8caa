// The command of a hook, as people write it, read into the words that are executed. No shell has a part in it: where one
// is wanted, it is the first word (docs/hooks.md). Pure.

export class NotACommand extends Error {}

// What a shell would act on, and nobody else does.
const shellsOwn = /[|&;<>()$`*?[\]#~]/

const quotes = { "'": "'", '"': '"' } as const

// A JSON array of words, or words apart by blanks; quotes and backslashes as in a POSIX shell. Throws NotACommand with
// what is wrong and how to write it.
export const readCommand = (text: string): string[] => {
  const words = text.trimStart().startsWith('[') ? readArray(text) : readWords(text)
  if (words[0] === undefined || words[0] === '') throw new NotACommand('it names no program')
  if (words.some((word) => word.includes('\0'))) throw new NotACommand('it has a NUL character in it')
  return words
}

const readArray = (text: string): string[] => {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch (thrown) {
    throw new NotACommand(`it begins with [ and is no JSON array: ${(thrown as Error).message}`)
  }
  if (Array.isArray(read) && read.every((word) => typeof word === 'string')) return read
  throw new NotACommand('it is a JSON array of something else than strings')
}

const readWords = (text: string): string[] => {
  const words: string[] = []
  let word: string | null = null
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (/\s/.test(char)) {
      if (word !== null) words.push(word)
      word = null
    } else if (char === '\\') {
      at += 1
      if (at >= text.length) throw new NotACommand('it ends in a backslash')
      word = (word ?? '') + text.charAt(at)
    } else if (char in quotes) {
      const { inside, end } = quoted(text, at, char)
      word = (word ?? '') + inside
      at = end
    } else if (shellsOwn.test(char)) {
      throw new NotACommand(
        `"${char}" means something to a shell alone, and none is used. Quote it, or ask for a shell: sh -c '…'`,
      )
    } else word = (word ?? '') + char
  }
  return word === null ? words : [...words, word]
}

// From the quote at `from` to the one that ends it. Within double quotes a backslash makes " and \ plain.
const quoted = (text: string, from: number, quote: string): { inside: string; end: number } => {
  let inside = ''
  for (let at = from + 1; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === quote) return { inside, end: at }
    const next = text.charAt(at + 1)
    if (quote === '"' && char === '\\' && (next === '"' || next === '\\')) {
      inside += next
      at += 1
    } else inside += char
  }
  throw new NotACommand(`a ${quote} has no end`)
}
