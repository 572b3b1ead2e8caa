// What people type. All of it runs on the source.
import type { Stage } from '../stage.ts'
import type { Shell } from './shell.ts'

export const tarPipe = (shell: Shell, source: string, target: string): readonly string[] => {
  const kept = '--xattrs --xattrs-include=* --acls --numeric-owner'
  return ['sh', '-c', `tar -C ${source} ${kept} -cf - . | ${shell.remote(`tar -C ${target} ${kept} -xpf -`)}`]
}

export const rsyncCommand = (
  shell: Shell,
  source: string,
  target: string,
  more: readonly string[] = [],
): readonly string[] => [
  ...['rsync', '-aHAXS', '--numeric-ids', '--delete', ...more, '-e', shell.command],
  ...[`${source}/`, `${shell.address}:${target}/`],
]

// The archive interface of both engines; -a keeps owners.
export const dockerCpPipe = (
  { from, to, shell }: Pick<Stage, 'from' | 'to' | 'shell'>,
  container: string,
  targetContainer: string,
): readonly string[] => {
  const docker = (host: Stage['from']) => `env PATH=${host.clientEnv.PATH} docker -H ${host.dockerHost}`
  const get = `${docker(from)} cp -a ${container}:/data/. -`
  const put = shell.remote(`${docker(to)} cp -a - ${targetContainer}:/data`)
  return ['sh', '-c', `${get} | ${put}`]
}
