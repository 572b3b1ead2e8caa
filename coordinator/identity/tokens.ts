// Secrets are drawn from 256 random bits, so a plain SHA-256 keeps them: there is nothing to guess.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

export const newSecret = (): string => randomBytes(32).toString('base64url')

// Hex.
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')

// In a time that says nothing of where they differ.
export const sameHash = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
