// Where the lab keeps things, and what it calls them. Every name outside the lab's own folder carries its id, which is
// never used again: that is what lets a lab be cleaned up at any time without touching anything else.
import { join } from 'node:path'

// Engines and image layers, kept between labs. Deleting it is always safe while nothing is being installed.
export const cacheDir = process.env.DRAYAGE_LAB_CACHE ?? '/var/cache/drayage-lab'

// The same for every lab of the machine, wherever it keeps its things.
export const lockDir = '/run/lock'

// One folder for each lab. It has to be on a filesystem that overlay can stand on, and its path short: the path of a
// unix socket ends at 107 bytes (unix(7)).
export const labsDir = process.env.DRAYAGE_LAB_DIR ?? '/var/lib/drayage-lab'

export const labDir = (id: string) => join(labsDir, id)
export const hostDir = (id: string, host: string) => join(labDir(id), host)
// What the host has as /srv, where that is its own.
export const ownSrv = (id: string, host: string) => join(hostDir(id, host), 'srv')
// What an engine with plugins of its own sees as /run/docker/plugins.
export const pluginsDir = (id: string, host: string) => join(hostDir(id, host), 'plugins')

// The namespace that holds the bridge. It is not the machine's own, so that the machine's firewall has no say in what
// the hosts send to each other.
export const switchNetns = (id: string) => `dl-${id}-switch`
export const hostNetns = (id: string, host: string) => `dl-${id}-at-${host}`
export const isNetnsOf = (id: string, name: string) => name.startsWith(`dl-${id}-`)
export const netnsPath = (name: string) => `/var/run/netns/${name}`

// The machine's own link into the lab.
export const uplink = (id: string) => `dl-${id}`

export const cgroupOf = (id: string) => `drayage-lab/${id}`
