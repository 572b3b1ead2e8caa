// What the ways to move are called, in tables and where targets speak of them.
export const ways = {
  drayage: 'drayage',
  tar: 'tar | ssh',
  rsync: 'rsync/ssh',
  rsyncInPlace: 'rsync/ssh --inplace',
  dockerCp: 'docker cp | ssh',
  cp: 'cp -a, one disk',
  nothing: 'docker stop, start',
  tarScript: 'stop, tar | ssh, start',
  rsyncOnce: 'stop, rsync, start',
  rsyncTwice: 'rsync, stop, rsync, start',
  dockerCpScript: 'stop, docker cp | ssh, start',
} as const
