// A migration moves one container, or several that belong together. Agents know nothing of that: to them each container is
// a part, with an id of its own under which they note, label, set aside and keep. The first part has the migration's own id.
const separator = '.'

// number: from 1, in the order in which the containers are made and started.
export const partId = (migrationId: string, number: number): string =>
  number === 1 ? migrationId : `${migrationId}${separator}${number}`

export const migrationOfPart = (id: string): string => id.split(separator, 1)[0] ?? id

export const arePartsOfOne = (a: string, b: string): boolean => migrationOfPart(a) === migrationOfPart(b)
