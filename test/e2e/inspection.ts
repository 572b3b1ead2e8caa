// `docker inspect` before and after a move, reduced to what must be the same. Each thing left out says why it may differ.

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }
type JsonObject = { readonly [key: string]: Json | undefined }

export type Inspection = {
  readonly Id: string
  readonly Name: string
  readonly Platform: string
  readonly Path: string
  readonly Args: readonly string[]
  readonly Config: JsonObject & { readonly Hostname: string; readonly Labels: Readonly<Record<string, string>> | null }
  readonly HostConfig: JsonObject
  readonly Mounts: readonly {
    readonly Type: string
    readonly Name?: string
    readonly Destination: string
    readonly Driver?: string
    readonly RW: boolean
  }[]
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly Aliases: readonly string[] | null; readonly IPAMConfig: Json }>
    >
  }
  readonly State: { readonly Status: string; readonly Running: boolean; readonly ExitCode: number }
}

const without = (object: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))

// What an engine leaves out and what it writes as empty mean the same, and engines differ in which they do.
const isEmpty = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && Object.keys(value).length === 0)

const dropEmpty = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value)))

const ours = (label: string): boolean => label.startsWith('dev.drayage.')

export const movable = (inspection: Inspection) => {
  const { Id, Config, HostConfig, Mounts, NetworkSettings } = inspection
  const shortId = Id.slice(0, 12)
  return {
    name: inspection.Name,
    platform: inspection.Platform,
    command: [inspection.Path, ...inspection.Args],
    config: {
      ...dropEmpty(
        without(Config, [
          // The container's id, where none was given: the id is another.
          ...(Config.Hostname === shortId ? ['Hostname'] : []),
          // Created by the image's id, since a tag may have moved; the plan names the tag.
          'Image',
          // Compared without the labels that mark a migration's own things.
          'Labels',
        ]),
      ),
      labels: Object.fromEntries(Object.entries(Config.Labels ?? {}).filter(([label]) => !ours(label))),
    },
    hostConfig: dropEmpty(
      without(HostConfig, [
        // How volumes were asked for: an anonymous one has to be asked for by its name. What came of it is in `mounts`.
        'Binds',
        'Mounts',
        // The size of the terminal that once ran `docker run`.
        'ConsoleSize',
      ]),
    ),
    mounts: Mounts.map(({ Type, Name, Destination, Driver, RW }) => ({ Type, Name, Destination, Driver, RW })).toSorted(
      (a, b) => a.Destination.localeCompare(b.Destination),
    ),
    // Addresses are the target network's to give; an alias that is the container's id follows the id.
    networks: Object.fromEntries(
      Object.entries(NetworkSettings.Networks).map(([name, { Aliases, IPAMConfig }]) => [
        name,
        {
          aliases: (Aliases ?? []).filter((alias) => alias !== shortId).toSorted(),
          ipam: isEmpty(IPAMConfig) ? null : IPAMConfig,
        },
      ]),
    ),
  }
}
