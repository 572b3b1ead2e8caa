// The flags of `dray migrate` that say how the migration is to be made: shared/api/migration-options.ts.
import { type Command, Option } from 'commander'
import { hostPowers } from '../../shared/api/host-powers.ts'
import type { HookRequest, MigrationOptions, RequestedOptions } from '../../shared/api/migration-options.ts'
import { AppError } from '../../shared/errors.ts'
import { parseCount, parseDuration, parsePowers, parsePublished, parseRate } from './option-values.ts'

export type MigrationFlags = {
  readonly maxDowntime?: string
  readonly maxRounds?: string
  readonly devices?: MigrationOptions['devices']
  readonly allow?: string
  readonly verify?: MigrationOptions['verify']
  readonly onUnhealthy?: MigrationOptions['onUnhealthy']
  readonly bwlimit?: string
  readonly compress?: MigrationOptions['compression']
  readonly withDependents?: true
  readonly withoutDependents?: true
  readonly writableLayer?: MigrationOptions['writableLayer']
  readonly publish?: readonly string[]
  readonly binds?: MigrationOptions['binds']
  readonly images?: MigrationOptions['images']
  readonly preStop?: string
  readonly postStart?: string
  readonly hookTimeout?: string
  readonly hookOnError?: 'fail' | 'continue'
}

// One time-out and one on-error for both; the coordinator reads the words.
const hookOf = (command: string, { hookTimeout, hookOnError }: MigrationFlags): HookRequest => ({
  command,
  ...(hookTimeout !== undefined && { timeoutMs: parseDuration('--hook-timeout', hookTimeout) }),
  ...(hookOnError !== undefined && { onError: hookOnError }),
})

const dependentsOf = ({ withDependents, withoutDependents }: MigrationFlags): RequestedOptions => {
  if (withDependents && withoutDependents) {
    throw new AppError(
      'DRAYAGE_CONFIG_INVALID',
      '--with-dependents and --without-dependents are opposites: say one of them.',
    )
  }
  if (withDependents) return { dependents: 'take' }
  return withoutDependents ? { dependents: 'leave' } : {}
}

// What is not said is not sent: the coordinator's defaults hold.
export const readMigrationFlags = (flags: MigrationFlags): RequestedOptions => {
  const { maxDowntime, maxRounds, devices, allow, verify, onUnhealthy, bwlimit, compress, preStop, postStart } = flags
  if (preStop === undefined && postStart === undefined && (flags.hookTimeout ?? flags.hookOnError) !== undefined) {
    throw new AppError(
      'DRAYAGE_CONFIG_INVALID',
      '--hook-timeout and --hook-on-error are of --pre-stop and --post-start, and neither is given.',
    )
  }
  return {
    ...(maxDowntime !== undefined && { maxDowntimeMs: parseDuration('--max-downtime', maxDowntime) }),
    ...(maxRounds !== undefined && { maxRounds: parseCount('--max-rounds', maxRounds) }),
    ...(devices !== undefined && { devices }),
    ...(allow !== undefined && { allow: parsePowers('--allow', allow) }),
    ...(verify !== undefined && { verify }),
    ...(onUnhealthy !== undefined && { onUnhealthy }),
    ...(bwlimit !== undefined && { maxBytesPerSecond: parseRate('--bwlimit', bwlimit) }),
    ...(compress !== undefined && { compression: compress }),
    ...dependentsOf(flags),
    ...(flags.writableLayer !== undefined && { writableLayer: flags.writableLayer }),
    ...(flags.publish !== undefined && { publish: parsePublished('--publish', flags.publish) }),
    ...(flags.binds !== undefined && { binds: flags.binds }),
    ...(flags.images !== undefined && { images: flags.images }),
    ...(preStop !== undefined && { preStop: hookOf(preStop, flags) }),
    ...(postStart !== undefined && { postStart: hookOf(postStart, flags) }),
  }
}

export const withMigrationFlags = (command: Command): Command =>
  command
    .option(
      '--max-downtime <duration>',
      'stop the source when the rest is predicted to be copied within this (500ms, 2s, 1m; default 1s); stopping and starting come on top',
    )
    .option('--max-rounds <n>', 'copy at most so often while the source runs (default 8)')
    .addOption(
      new Option(
        '--devices <policy>',
        'device nodes in volumes: keep copies them, skip leaves them out and lists them, refuse does not move what has any (default keep)',
      ).choices(['keep', 'skip', 'refuse']),
    )
    .option(
      '--allow <powers>',
      `let it have this power over the host it goes to: any of ${hostPowers.join(',')}. A container that has more is not moved (docs/access.md)`,
    )
    .addOption(
      new Option(
        '--verify <how>',
        "what is read back from the target's disk: written, nothing; reread, what was copied while the source ran (default); full, everything, on both sides, while it is stopped",
      ).choices(['written', 'reread', 'full']),
    )
    .addOption(
      new Option(
        '--on-unhealthy <what>',
        'when it does not come up there: return it with what it wrote (default); return it and discard what it wrote; keep it as it is; stop it',
      ).choices(['return', 'discard', 'keep', 'stop']),
    )
    .option(
      '--bwlimit <rate>',
      'send at most so many bytes per second, image and volumes together (500K, 100M, 1G: of 1024; 500KB, 100MB, 1GB: of 1000; default no limit)',
    )
    .addOption(
      new Option(
        '--compress <how>',
        'volumes on their way: auto, with zstd where the line is slower than that and the data shrinks (default); zstd, whatever shrinks; none',
      ).choices(['auto', 'zstd', 'none']),
    )
    .option(
      '--with-dependents',
      'and all containers that belong together with it: that share volumes or namespaces, take volumes from one another, are linked, or depend on one another in Compose. All, or none',
    )
    .option(
      '--without-dependents',
      'although containers that stay depend on it, or it on them (depends_on of Compose); what shares volumes, namespaces or a link is not left behind',
    )
    .addOption(
      new Option(
        '--writable-layer <policy>',
        'what it has changed outside its volumes: refuse to move it (default); discard, leave that behind; keep, take it along in an image that is made while it is stopped',
      ).choices(['refuse', 'discard', 'keep']),
    )
    .option(
      '--publish <port>',
      "publish a port otherwise there, as docker run takes it: 9090:80 publishes the container's port 80 on that host's 9090; may be said again for others. A way back restores what was before",
      (port: string, before: readonly string[] = []) => [...before, port],
    )
    .addOption(
      new Option(
        '--binds <policy>',
        'directories and files of its host that it mounts: refuse to move it (default); require, that host must have them at the same path, and nothing is copied; copy, directories that the agents of both hosts allow (--allow-bind) are copied like volumes',
      ).choices(['refuse', 'require', 'copy']),
    )
    .addOption(
      new Option(
        '--images <how>',
        'images that are not there: send them (default); pull them from the registries that they came from, as anybody may, and send what cannot be pulled',
      ).choices(['send', 'pull']),
    )
    .option(
      '--pre-stop <command>',
      "run this in the container before it is stopped; if it fails, nothing is moved. A JSON array, or words without a shell: sh -c '…' asks for one. Goes before the label drayage.hook.pre-stop",
    )
    .option(
      '--post-start <command>',
      'run this in the container after it has come up there; if it fails, it counts as not having come up. Goes before the label drayage.hook.post-start',
    )
    .option('--hook-timeout <duration>', 'how long these two may take (default 30s, at most 10m)')
    .addOption(
      new Option(
        '--hook-on-error <what>',
        'when one of these two fails: fail (default), or continue with a warning',
      ).choices(['fail', 'continue']),
    )
