// Names as they fit a table: Docker's ids and the names of anonymous volumes are 64 hexadecimal digits, of which twelve
// tell them apart, as `docker ps` has it.
export const shortName = (name: string): string => (/^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name)

// sha256:… of an image without a reference, or a digest.
export const shortDigest = (digest: string): string => digest.replace(/([0-9a-f]{12})[0-9a-f]{20,}/, '$1…')
