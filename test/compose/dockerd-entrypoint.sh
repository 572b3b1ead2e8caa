#!/bin/sh
# The part of the official engine image's entrypoint that an engine in a container cannot do without.
set -eu

# Left behind by an engine that was killed; in the new container the pid belongs to somebody else.
rm -f /run/docker.pid /var/run/docker.pid

# On cgroup v2 a group that hands controllers down holds no processes of its own (cgroups(7), "no internal processes").
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir -p /sys/fs/cgroup/init
  while read -r pid; do echo "$pid" > /sys/fs/cgroup/init/cgroup.procs || true; done < /sys/fs/cgroup/cgroup.procs
  for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control || true
  done
fi

exec "$@"
