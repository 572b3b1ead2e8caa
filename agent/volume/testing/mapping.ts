// For tests: a file mapped into memory, to be written to without a system call.
import { open } from 'node:fs/promises'
import * as koffi from 'koffi'

const libc = koffi.load(null)
const mmap = libc.func('void *mmap(void *at, uint64 length, int protection, int flags, int fd, int64 offset)')
const munmap = libc.func('int munmap(void *at, uint64 length)')
const [readAndWrite, shared] = [3, 1]

export type Mapping = AsyncDisposable & { readonly bytes: Uint8Array }

// `bytes` must not be touched after the end.
export const mapFile = async (path: string, length: number): Promise<Mapping> => {
  const file = await open(path, 'r+')
  const at = mmap(null, length, readAndWrite, shared, file.fd, 0)
  await file.close()
  return {
    bytes: new Uint8Array(koffi.view(at, length)),
    [Symbol.asyncDispose]: async () => {
      munmap(at, length)
    },
  }
}
