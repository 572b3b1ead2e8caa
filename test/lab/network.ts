// The lab's wire: one bridge in a namespace of its own, a port on it for every host, and one for this machine.
//
//   machine ── dl-ID ═══ uplink ─┐
//   host-1  ── eth0  ═══ port1 ──┤ lan        10.213.N.0/24: the machine is .1, the hosts are .11, .12, …
//   host-2  ── eth0  ═══ port2 ──┘
//
// The hosts have no default route: nothing in the lab can reach the world, or wait for it.
import { readdir } from 'node:fs/promises'
import { run, runQuietly } from './command.ts'
import { hostNetns, isNetnsOf, netnsPath, switchNetns, uplink } from './places.ts'

const ip = (namespace: string | undefined, lines: readonly string[]) =>
  run(['ip', ...(namespace === undefined ? [] : ['-n', namespace]), '-batch', '-'], { input: `${lines.join('\n')}\n` })

const networkPrefix = '10.213'
// Of all labs.
export const labNetworks = `${networkPrefix}.0.0/16`

// The caller holds the lab lock: between this answer and the link's creation nobody else may ask.
export const freeSubnet = async (): Promise<string> => {
  const taken = (await run(['ip', '-4', 'route', 'show', 'table', 'all'])) + (await run(['ip', '-4', 'addr']))
  for (let n = 1; n < 255; n++) {
    const subnet = `${networkPrefix}.${n}`
    if (!taken.includes(`${subnet}.`)) return subnet
  }
  throw new Error(
    `All of ${networkPrefix}.0.0/16 is in use on this machine. \`npm run -s lab -- list\` shows its labs.`,
  )
}

export const machineAddress = (subnet: string) => `${subnet}.1`
export const hostAddress = (subnet: string, index: number) => `${subnet}.${11 + index}`

export const makeSwitch = async (id: string, subnet: string): Promise<void> => {
  await run(['ip', 'netns', 'add', switchNetns(id)])
  await ip(undefined, [
    `link add ${uplink(id)} type veth peer name uplink netns ${switchNetns(id)}`,
    `addr add ${machineAddress(subnet)}/24 dev ${uplink(id)}`,
    `link set ${uplink(id)} up`,
  ])
  await ip(switchNetns(id), ['link add lan type bridge', 'link set lan up', 'link set uplink master lan up'])
}

const portOf = (index: number) => `port${index + 1}`

export const plugIn = async (id: string, subnet: string, host: string, index: number): Promise<void> => {
  const namespace = hostNetns(id, host)
  const port = portOf(index)
  await run(['ip', 'netns', 'add', namespace])
  await ip(namespace, [
    `link add eth0 type veth peer name ${port} netns ${switchNetns(id)}`,
    `addr add ${hostAddress(subnet, index)}/24 dev eth0`,
    'link set lo up',
    'link set eth0 up',
  ])
  await ip(switchNetns(id), [`link set ${port} master lan up`])
}

// At the switch's side of the cable: packets vanish, and the host's own addresses and routes stay as they were.
export const setPort = (id: string, index: number, state: 'up' | 'down') =>
  ip(switchNetns(id), [`link set ${portOf(index)} ${state}`])

// One way only: what comes in is dropped, or what goes out. The other way still works, and nobody is told.
export const setSilence = async (namespace: string, direction: 'in' | 'out', state: 'on' | 'off'): Promise<void> => {
  const rule = direction === 'in' ? ['INPUT', '-i', 'eth0'] : ['OUTPUT', '-o', 'eth0']
  const action = state === 'on' ? '-I' : '-D'
  await run(inNetns(namespace, ['iptables', '-w', action, ...rule, '-j', 'DROP']))
}

// Both ways. tbf's bucket must hold what one timer tick lets through (tc-tbf(8)); `undefined` takes the limit away.
export const limitPort = async (id: string, host: string, index: number, mbit: number | undefined): Promise<void> => {
  const ends = [
    [hostNetns(id, host), 'eth0'],
    [switchNetns(id), portOf(index)],
  ] as const
  for (const [namespace, device] of ends) {
    const qdisc = ['tc', '-n', namespace, 'qdisc']
    if (mbit === undefined) await runQuietly([...qdisc, 'del', 'dev', device, 'root'])
    else {
      const burst = Math.max(32, Math.ceil((mbit * 1000) / 8 / 250) * 2)
      const limit = ['rate', `${mbit}mbit`, 'burst', `${burst}kb`, 'latency', '50ms']
      await run([...qdisc, 'replace', 'dev', device, 'root', 'tbf', ...limit])
    }
  }
}

export const namespacesOf = async (id: string): Promise<readonly string[]> => {
  const names = await readdir('/var/run/netns').catch(() => [])
  return names.filter((name) => isNetnsOf(id, name))
}

// A namespace takes its links with it, and a link the other end of its cable.
export const removeNetwork = async (id: string): Promise<void> => {
  for (const name of await namespacesOf(id)) await runQuietly(['ip', 'netns', 'del', name])
  await runQuietly(['ip', 'link', 'del', uplink(id)])
}

// Not `ip netns exec`: that mounts a fresh /sys, and an engine then finds no control groups.
export const inNetns = (namespace: string, command: readonly string[]): readonly string[] => [
  'nsenter',
  `--net=${netnsPath(namespace)}`,
  '--',
  ...command,
]
