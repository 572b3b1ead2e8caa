// An ssh server on a host of the lab, for those who move with ssh: keys, port and configuration of its own.
import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../test/lab/command.ts'
import { findProgram, installPackages } from '../../test/lab/install.ts'
import type { LabHost } from '../../test/lab/lab.ts'
import { eventually } from '../../test/lab/wait.ts'
import type { HostGroups } from '../meters/groups.ts'

const port = 2222

export type Shell = {
  readonly address: string
  // For rsync's -e.
  readonly command: string
  // A shell command that runs another on the host, with its input.
  readonly remote: (command: string) => string
  readonly stop: () => void
}

// Debian's package → a program of it.
const needed = { 'openssh-server': 'sshd', 'openssh-client': 'ssh', rsync: 'rsync' }

export type ShellOptions = {
  readonly host: LabHost
  // What the server and its sessions count as.
  readonly groups: Pick<HostGroups, 'command'>
  readonly folder: string
  // undefined: what ssh takes by itself.
  readonly cipher: string | undefined
}

export const startShell = async ({ host, groups, folder, cipher }: ShellOptions): Promise<Shell> => {
  const missing = Object.entries(needed).filter(([, program]) => findProgram(program) === undefined)
  await installPackages(missing.map(([name]) => name))
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const key = (name: string) => run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  await Promise.all([key('host'), key('client')])
  await run(['cp', join(folder, 'client.pub'), join(folder, 'authorized')])
  const configuration = [
    `Port ${port}`,
    `ListenAddress ${host.address}`,
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no',
    `PidFile ${join(folder, 'pid')}`,
  ]
  await writeFile(join(folder, 'config'), `${configuration.join('\n')}\n`)
  const [program = '', ...args] = groups.command(['/usr/sbin/sshd', '-D', '-f', join(folder, 'config')])
  const server = spawn(program, args, { stdio: 'ignore' })
  const options = [
    ...['-q', '-p', port, '-i', join(folder, 'client')],
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
    ...(cipher === undefined ? [] : ['-c', cipher]),
  ].join(' ')
  const shell: Shell = {
    address: `root@${host.address}`,
    command: `ssh ${options}`,
    remote: (command) => `ssh ${options} root@${host.address} '${command}'`,
    stop: () => void server.kill(),
  }
  await eventually('the ssh server', 20_000, () =>
    host.nsexec(['sh', '-c', shell.remote('true')]).then(
      () => true,
      () => false,
    ),
  )
  return shell
}
