// What a migration would do, before it is asked for.
import { type Static, Type } from 'typebox'
import { Bytes, Finding, HostName, Nullable, Timestamp } from './common.ts'
import { MigrationOptions } from './migration-options.ts'

export const PlannedVolume = Type.Object({
  name: Type.String(),
  destination: Type.String(),
  anonymous: Type.Boolean(),
  entries: Type.Integer(),
  contentBytes: Bytes,
  diskBytes: Bytes,
  copied: Type.Boolean({
    description:
      'false: it is a view of data that is elsewhere, or in memory; it is made again with the same options, and nothing is copied',
  }),
  ofHost: Type.Optional(
    Type.Boolean({
      description: 'No volume, but a directory of the host that is copied like one; its name is its path',
    }),
  ),
  traits: Type.Array(Type.String(), {
    description: 'What it is and how it is mounted, for people: read-only, nocopy, nfs from 10.0.0.1:/export',
  }),
  keptBytes: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'Content that the target keeps from an earlier move: only what differs from it is sent',
    }),
  ),
})
export type PlannedVolume = Static<typeof PlannedVolume>

// Another container of the source's host.
export const SetMember = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: Type.String(),
  ties: Type.Array(
    Type.Object({
      kind: Type.String({
        description: 'shared-volume, volumes-from, network-namespace, pid-namespace, ipc-namespace, link or depends-on',
      }),
      words: Type.String({ description: 'As what follows its name: uses the network of web' }),
    }),
    { description: 'With the container that is to move, or with another of these' },
  ),
  separable: Type.Boolean({
    description: 'Nothing but what Compose calls depends_on ties it to the container: it may be left behind',
  }),
})
export type SetMember = Static<typeof SetMember>

const PlannedImage = Type.Object({
  reference: Type.String(),
  sizeBytes: Bytes,
  presentOnTarget: Type.Boolean(),
  pulledFrom: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'The digests in registries by which it is to be pulled, one after the other; if none has it, it is sent',
    }),
  ),
})

const PlannedEngine = Type.Object({
  version: Type.String(),
  os: Type.String(),
  architecture: Type.String(),
  storageDriver: Type.String(),
  containerdImageStore: Type.Boolean(),
})

const Rate = (description: string) => Nullable(Type.Integer({ minimum: 1, description }))

// null: it could not be measured, or there was too little to measure it by; where that matters, `unknown` says why.
export const MeasuredRates = Type.Object(
  {
    lineBytesPerSecond: Rate('From agent to agent, encrypted; no more than --bwlimit lets through'),
    readBytesPerSecond: Rate('Of large files of its volumes, on the source, cached or not as they are'),
    readFilesPerSecond: Rate('Of small files of its volumes, on the source'),
    writeBytesPerSecond: Rate('Of large files, to the disk of the target'),
    writeFilesPerSecond: Rate('Of small files, to the disk of the target'),
  },
  {
    description:
      'Just now, for this plan: where no earlier move between the hosts tells. Moves of others slow them down',
  },
)
export type MeasuredRates = Static<typeof MeasuredRates>

const Forecast = Type.Object(
  {
    copyMs: Nullable(
      Type.Integer({
        description:
          'Of its volumes, whole, while the container runs: less where the target keeps some of it, or what crosses is compressed. Sending the image and reading back what was written come on top',
      }),
    ),
    downtimeMs: Nullable(
      Type.Integer({ description: 'As it was in earlier moves of this container between these hosts' }),
    ),
    basedOn: Type.Integer({ minimum: 0, description: 'Earlier moves from this host to that' }),
    measured: Type.Optional(MeasuredRates),
    slowest: Type.Optional(
      Type.Object(
        {
          part: Type.Union([
            Type.Literal('line'),
            Type.Literal('limit'),
            Type.Literal('reading'),
            Type.Literal('writing'),
          ]),
          rate: Type.Integer({ minimum: 1 }),
          unit: Type.Union([Type.Literal('bytes/s'), Type.Literal('files/s')]),
        },
        {
          description: 'Of what was measured, and the limit: what copyMs comes from, since all go on at the same time',
        },
      ),
    ),
    unknown: Type.Optional(Type.Array(Type.String(), { description: 'Why what is null is not known, for people' })),
  },
  {
    description:
      'By what earlier moves between the same hosts took; where there are none that tell, by what was just measured. null: not known',
  },
)

const PlannedProject = Type.Object({
  name: Type.String(),
  containers: Type.Array(
    Type.Object({
      host: HostName,
      name: Type.String(),
      state: Type.String({ description: 'As last reported' }),
      isPart: Type.Boolean({
        description: 'Without it the project does not move whole. false: it is tied to what moves, or of a namesake',
      }),
      words: Type.String({ description: 'As what follows its name: is depended on by web' }),
    }),
    { description: 'On other hosts' },
  ),
  volumes: Type.Array(Type.Object({ host: HostName, name: Type.String() }), {
    description: 'That no container which moves mounts, or on another host no container at all',
  }),
  services: Type.Array(
    Type.Object({ name: Type.String(), container: Type.String(), host: HostName, lastSeen: Timestamp }),
    { description: 'That have no container on any host any more, with the last that they had' },
  ),
  unheard: Type.Array(Type.Object({ host: HostName, inventoryAt: Nullable(Timestamp) }), {
    description: 'Hosts that may have a part of it: what they have is not known, or as it was then',
  }),
})

const PlannedLayer = Type.Object(
  {
    changes: Type.Integer({ minimum: 1 }),
    paths: Type.Array(Type.String(), {
      description: 'The first of them, as docker diff prints them: A /etc/app.conf',
    }),
    bytes: Bytes,
    policy: MigrationOptions.properties.writableLayer,
  },
  { description: 'What the container has changed outside its volumes, and what becomes of it. Absent: nothing' },
)

// What a migration would do; with `refusals`, why it would not. Complete: not only the first reason.
export const Plan = Type.Object({
  container: Type.Object({ id: Type.String(), name: Type.String(), state: Type.String() }),
  from: HostName,
  to: HostName,
  image: PlannedImage,
  members: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      state: Type.String(),
      image: PlannedImage,
      writableLayer: Type.Optional(PlannedLayer),
      ties: Type.Array(Type.Object({ kind: Type.String(), words: Type.String() }), {
        description: 'Why it moves with the others: uses the network of web',
      }),
    }),
    { description: 'All containers that move, `container` among them, in the order in which they are started' },
  ),
  volumes: Type.Array(PlannedVolume),
  networks: Type.Array(Type.Object({ name: Type.String(), presentOnTarget: Type.Boolean() })),
  ports: Type.Array(
    Type.String({
      description:
        'As docker ps prints them: 0.0.0.0:8080->80/tcp; behind those that --publish changes, what they were: (was 0.0.0.0:80->80/tcp)',
    }),
  ),
  binds: Type.Optional(
    Type.Array(
      Type.Object({
        source: Type.String(),
        destination: Type.String(),
        readOnly: Type.Boolean(),
        policy: MigrationOptions.properties.binds,
        entries: Type.Optional(Type.Integer({ description: 'Of one that is copied' })),
        contentBytes: Type.Optional(Bytes),
      }),
      {
        description:
          'Directories and files of the host that it mounts. One that is copied is among `volumes`, too, under its path',
      },
    ),
  ),
  writableLayer: Type.Optional(PlannedLayer),
  set: Type.Array(SetMember, { description: 'What belongs together with those that move, and does not move' }),
  projects: Type.Optional(
    Type.Array(PlannedProject, {
      description: 'Of Compose projects of which something moves: what is of them, and does not move',
    }),
  ),
  totalBytes: Bytes,
  targetFreeBytes: Bytes,
  targetFreeInodes: Type.Optional(Type.Integer({ minimum: 0 })),
  engines: Type.Optional(Type.Object({ source: PlannedEngine, target: PlannedEngine })),
  forecast: Type.Optional(Forecast),
  builtUpon: Type.Optional(
    Type.String({
      description: 'The migration whose retired copy the target has kept: only what has changed since is sent',
    }),
  ),
  tmpfs: Type.Optional(Type.Array(Type.String(), { description: 'File systems in memory: there is nothing to copy' })),
  warnings: Type.Array(Finding),
  refusals: Type.Array(Finding),
})
export type Plan = Static<typeof Plan>
