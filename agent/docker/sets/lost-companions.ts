// Whom a container cannot be started without, and who is gone.
import type { Client } from '../api/client.ts'
import { findContainer } from '../api/containers.ts'
import { joinedBy } from './ties.ts'

export const lostCompanions = async (client: Client, id: string): Promise<string[]> => {
  const container = await findContainer(client, id)
  if (container === null) return []
  const gone: string[] = []
  for (const other of joinedBy(container)) {
    if ((await findContainer(client, other)) === null) gone.push(other)
  }
  return gone
}
