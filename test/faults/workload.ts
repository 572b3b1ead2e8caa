// What is moved while things break: a container that says of itself whether it runs, alone, and what it has written, in
// a place that no engine, no link and no disk of the lab can take away: the machine's own memory, which both hosts'
// containers see through the IPC namespace (`--ipc host` mounts the machine's /dev/shm).
//
//   lock           held with flock(2) for as long as the process lives: the kernel gives it back, however that ends
//   together       a line for each process that found the lock taken: two copies ran at once
//   hooks          a line for each hook that was run
//   acknowledged   `NUMBER EPOCH HOSTNAME UPTIME` for each line of /data/ledger that was on the disk by then
//
// The ledger's lines are `NUMBER EPOCH HOSTNAME`; numbers are consecutive from 1, an epoch is one run of the process.
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImageSpec } from '../lab/images.ts'
import { findProgram } from '../lab/install.ts'
import type { FileTree } from '../lab/layers.ts'

export const name = 'web'
export const network = 'web-net'
export const volumes = { data: 'web-data', more: 'web-more' } as const
export const bulkKiB = { data: 2_048, more: 256 }
export const hostPort = 7_070
const imageRef = 'drayage-lab/ledger:1'

// O_WRONLY | O_CREAT | O_APPEND | O_SYNC, as Linux numbers them on x86 and arm (asm-generic/fcntl.h): a line that was
// written is on the disk. LOCK_EX | LOCK_NB is 6 (flock(2)).
const script = `
my ($witness) = @ARGV;
my $me = $ENV{HOSTNAME};
my $end = 0;
$SIG{TERM} = sub { $end = 1 };
sub uptime { open(my $in, '<', '/proc/uptime'); return (split ' ', <$in>)[0] }
sub say_ { my ($file, $line) = @_; open(my $out, '>>', "$witness/$file") or return; syswrite($out, "$line\\n"); close $out }

open(my $lock, '>>', "$witness/lock") or die "no witness at $witness: $!";
flock($lock, 6) or say_('together', "$me at " . uptime());

for (['/data/bulk', ${bulkKiB.data}], ['/more/bulk', ${bulkKiB.more}]) {
  my ($path, $kib) = @$_;
  next if -e $path;
  open(my $noise, '<', '/dev/urandom'); open(my $bulk, '>', $path) or die $!;
  for (1 .. $kib) { read($noise, my $piece, 1024); print $bulk $piece }
  close $bulk or die $!;
}

my ($number, $epoch, $length) = (0, 0, 0);
if (open(my $in, '<', '/data/ledger')) { while (<$in>) { ($number, $epoch) = split; $length += length } }
$epoch++;
sysopen(my $ledger, '/data/ledger', ${0o1 | 0o100 | 0o2000 | 0o4010000}, 0644) or die $!;
until ($end) {
  my $line = ($number + 1) . " $epoch $me\\n";
  my $written = syswrite($ledger, $line);
  if (defined $written && $written == length $line) {
    $number++; $length += $written;
    say_('acknowledged', "$number $epoch $me " . uptime());
  } else { truncate($ledger, $length) }
  select(undef, undef, undef, 0.02);
}
`

// A program of this machine with the libraries that it is linked to (ldd(1)), each where it is expected.
const programTree = async (program: string): Promise<FileTree> => {
  const path = findProgram(program)
  if (path === undefined) throw new Error(`This machine has no ${program}.`)
  const libraries = execFileSync('ldd', [path], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)
  const paths = [path, ...[...libraries].map(([, library = '']) => library)]
  const files = await Promise.all(
    paths.map(async (at) => [at.slice(1), { content: await readFile(await realpath(at)), mode: 0o755 }] as const),
  )
  return Object.fromEntries(files)
}

export const workloadImage = async (): Promise<ImageSpec> => ({
  ref: imageRef,
  base: 'busybox',
  files: { ...(await programTree('perl')), 'ledger.pl': script },
})

// The body of Docker's ContainerCreate. Everything that a move must bring back: policy, name, network, alias, port.
export const containerBody = (witness: string) => ({
  Image: imageRef,
  Cmd: ['perl', '/ledger.pl', witness],
  ExposedPorts: { '80/tcp': {} },
  HostConfig: {
    RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
    NetworkMode: network,
    IpcMode: 'host',
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: `${hostPort}` }] },
    Mounts: [
      { Type: 'volume', Source: volumes.data, Target: '/data' },
      { Type: 'volume', Source: volumes.more, Target: '/more' },
    ],
  },
  NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: ['ledger'] } } },
})

// A second container, which has the volumes of the first and so belongs with it.
export const companion = 'web-side'
export const companionBody = {
  Image: imageRef,
  Cmd: ['sleep', '100000'],
  StopSignal: 'SIGKILL',
  HostConfig: {
    RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
    NetworkMode: 'none',
    VolumesFrom: [name],
  },
}

// With a directory of its host's besides; below /srv, which each host has of its own.
export const directory = 'data/deep/side'
export const companionWithDirectory = {
  ...companionBody,
  HostConfig: {
    ...companionBody.HostConfig,
    Mounts: [{ Type: 'bind', Source: `/srv/${directory}`, Target: '/side' }],
  },
}

export type Acknowledged = {
  readonly number: number
  readonly epoch: number
  readonly hostname: string
  readonly uptimeMs: number
}

const lines = async (file: string): Promise<readonly string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean)

export type Witness = {
  readonly folder: string
  acknowledged(): Promise<readonly Acknowledged[]>
  together(): Promise<readonly string[]>
  hooks(): Promise<readonly string[]>
  remove(): Promise<void>
}

export const openWitness = async (id: string): Promise<Witness> => {
  const folder = join('/dev/shm', `drayage-${id}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  return {
    folder,
    acknowledged: async () =>
      (await lines(join(folder, 'acknowledged'))).map((line) => {
        const [number, epoch, hostname = '', uptime] = line.split(' ')
        return { number: Number(number), epoch: Number(epoch), hostname, uptimeMs: Math.round(Number(uptime) * 1000) }
      }),
    together: () => lines(join(folder, 'together')),
    hooks: () => lines(join(folder, 'hooks')),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

// What the copy lacks of what was acknowledged, and where its numbers are not consecutive.
export const ledgerFaults = (ledger: string, acknowledged: readonly Acknowledged[]): readonly string[] => {
  const kept = ledger.split('\n').filter(Boolean)
  const disorder = kept.findIndex((line, index) => Number(line.split(' ')[0]) !== index + 1)
  const lost = acknowledged.filter(
    ({ number, epoch, hostname }) => kept[number - 1] !== `${number} ${epoch} ${hostname}`,
  )
  const [first] = lost
  return [
    ...(disorder === -1 ? [] : [`line ${disorder + 1} of the ledger is "${kept[disorder]}"`]),
    ...(first === undefined
      ? []
      : [
          `${lost.length} of ${acknowledged.length} acknowledged writes are not there; the first is ${first.number} of ${first.hostname}, epoch ${first.epoch}`,
        ]),
  ]
}

// The longest time in which nothing was acknowledged.
export const longestGapMs = (acknowledged: readonly Acknowledged[]): number =>
  acknowledged.reduce(
    (longest, { uptimeMs }, index) =>
      Math.max(longest, index === 0 ? 0 : uptimeMs - (acknowledged[index - 1]?.uptimeMs ?? uptimeMs)),
    0,
  )
