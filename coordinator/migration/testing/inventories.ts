// Inventories of hosts that have nothing else.
import type { Inventories } from '../ports.ts'

export const nothingElse: Inventories = { ofProject: async () => ({ hosts: [], containers: [], volumes: [] }) }
