// What an agent gives to others, as a gRPC service.
import type { TransferHandlers } from '../../shared/rpc/generated/drayage/v1/Transfer.ts'
import type { handlers } from '../../shared/rpc/server.ts'
import type { Serving } from './serve.ts'

export const transferHandlers = (
  { pullVolume, pullImage, pullNoise }: Serving,
  { serverStream }: Pick<ReturnType<typeof handlers>, 'serverStream'>,
) =>
  ({
    PullVolume: serverStream(pullVolume),
    PullImage: serverStream(pullImage),
    PullNoise: serverStream(pullNoise),
  }) satisfies TransferHandlers
