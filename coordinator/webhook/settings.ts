// Where the webhook is and what signs it, from the coordinator's settings.
import { readFileSync } from 'node:fs'
import { AppError } from '../../shared/errors.ts'

export type Webhook = { readonly url: string; readonly secret: string }

const shortest = 16

// null: none is wanted. Throws DRAYAGE_CONFIG_INVALID.
export const openWebhook = (url: string | undefined, secretFile: string | undefined): Webhook | null => {
  if (url === undefined && secretFile === undefined) return null
  if (url === undefined) {
    throw wrong('--webhook-secret-file (DRAYAGE_WEBHOOK_SECRET_FILE) is given without --webhook-url. Name the address.')
  }
  if (secretFile === undefined) {
    throw wrong(
      '--webhook-url (DRAYAGE_WEBHOOK_URL) needs a secret, so that its receiver can tell our messages from others: ' +
        'put one into a file (openssl rand -hex 32) and name that with --webhook-secret-file.',
    )
  }
  const secret = readSecret(secretFile)
  if (secret.length < shortest) {
    throw wrong(
      `The secret in ${secretFile} has ${secret.length} characters; it needs ${shortest} or more (openssl rand -hex 32).`,
    )
  }
  return { url, secret }
}

// A newline at its end is not part of it.
const readSecret = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (thrown) {
    throw wrong(`--webhook-secret-file ${file} cannot be read: ${(thrown as Error).message}.`, thrown)
  }
}

const wrong = (message: string, cause?: unknown) => new AppError('DRAYAGE_CONFIG_INVALID', message, { cause })
