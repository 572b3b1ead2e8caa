// What a container may have been given of its host. Whoever runs such a container on a host can take that host over, or
// much of it; so an operator says so for each move.
import { type Static, Type } from 'typebox'

export const HostPower = Type.Union(
  [
    Type.Literal('privileged'),
    Type.Literal('host-namespaces'),
    Type.Literal('docker-socket'),
    Type.Literal('devices'),
    Type.Literal('capabilities'),
    Type.Literal('unconfined'),
  ],
  {
    description:
      'privileged: --privileged. host-namespaces: the host’s network, PID, IPC, UTS or user namespace. docker-socket: a bind mount from which the engine’s socket is reached. devices: devices of the host, GPUs, or rules for them. capabilities: more than Docker’s default set. unconfined: without the seccomp or AppArmor profile, the SELinux label, or the masked paths of /proc and /sys',
  },
)
export type HostPower = Static<typeof HostPower>

export const hostPowers: readonly HostPower[] = HostPower.anyOf.map((one) => one.const)

const isHostPower = (word: string): word is HostPower => hostPowers.some((power) => power === word)

// In the order of the list, each once.
export const orderedPowers = (powers: readonly HostPower[]): HostPower[] =>
  hostPowers.filter((power) => powers.includes(power))

// privileged,devices. Throws an Error whose message ends the sentence "--flag is wrong: …".
export const parseHostPowers = (raw: string): HostPower[] => {
  const words = raw.split(',').map((word) => word.trim())
  const unknown = words.filter((word) => !isHostPower(word))
  if (unknown.length > 0) {
    throw new Error(`${unknown.map((word) => JSON.stringify(word)).join(', ')} is none of ${hostPowers.join(', ')}`)
  }
  return orderedPowers(words.filter(isHostPower))
}
