import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ContainerList, InventoryQuery, VolumeList } from '../../shared/api/inventory.ts'
import type { HostDirectory } from '../agents/directory.ts'
import type { InventoryStore } from '../store/inventory.ts'
import { problems } from './problem.ts'

export type InventoryRoutes = {
  readonly hosts: Pick<HostDirectory, 'asOf'>
  readonly inventory: Pick<InventoryStore, 'containers' | 'volumes'>
}

const errors = problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_HOST_NOT_FOUND')

export const inventoryRoutes =
  ({ hosts, inventory }: InventoryRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/containers',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listContainers',
          summary: 'The containers of all hosts, as last reported',
          description:
            '`asOf` says for each host how far that can be trusted: nothing from a host is not nothing there.',
          querystring: InventoryQuery,
          response: { 200: ContainerList, ...errors },
        },
      },
      async ({ query }) => {
        const asOf = await hosts.asOf(query.host)
        return { containers: await inventory.containers(query), asOf }
      },
    )

    app.get(
      '/v1/volumes',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listVolumes',
          summary: 'The volumes of all hosts, as last reported, with all who use or used them',
          querystring: InventoryQuery,
          response: { 200: VolumeList, ...errors },
        },
      },
      async ({ query }) => {
        const asOf = await hosts.asOf(query.host)
        return { volumes: await inventory.volumes(query), asOf }
      },
    )
  }
