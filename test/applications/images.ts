// Applications as Debian packages them.
import type { ImageSpec } from '../lab/images.ts'

const program = (content: string) => ({ content: `#!/bin/sh\nset -e\n${content}`, mode: 0o755 })

// At /data, a directory that the database's own user owns and nobody else reads.
const postgres = `
PATH=/usr/lib/postgresql/15/bin:$PATH
export PATH PGDATA=/data
chown postgres: "$PGDATA"
chmod 0700 "$PGDATA"
as="setpriv --reuid=postgres --regid=postgres --init-groups"
if ! [ -s "$PGDATA/PG_VERSION" ]; then
  $as initdb --auth=trust > /dev/null
  echo 'host all all all trust' >> "$PGDATA/pg_hba.conf"
fi
exec $as postgres -c listen_addresses='*' -c unix_socket_directories=/tmp
`

const mariadb = `
if ! [ -d /data/mysql ]; then
  mariadb-install-db --no-defaults --user=mysql --datadir=/data --skip-test-db > /dev/null
fi
exec mariadbd --no-defaults --user=mysql --datadir=/data --bind-address=0.0.0.0 \\
  --socket=/tmp/mariadb.sock --pid-file=/tmp/mariadb.pid --init-file=/opt/ledger.sql
`

// MariaDB reads it at every start: one statement a line.
const ledgerOfMariadb = [
  "CREATE USER IF NOT EXISTS app@'%';",
  "GRANT ALL ON *.* TO app@'%';",
  'CREATE DATABASE IF NOT EXISTS shop;',
  'CREATE TABLE IF NOT EXISTS shop.ledger (number BIGINT PRIMARY KEY) ENGINE=InnoDB;',
  '',
].join('\n')

const redis = `
exec redis-server --dir /data --appendonly yes --appendfsync always --save '' --bind 0.0.0.0 --protected-mode no
`

// Each begins an empty data directory at its first start, as the public images do, and ends at its stop signal with
// everything on the disk.
export const databases: ImageSpec = {
  ref: 'drayage-lab/databases:1',
  base: 'debian',
  packages: ['postgresql-15', 'mariadb-server', 'redis-server'],
  files: {
    'usr/local/bin/begin-postgres': program(postgres),
    'usr/local/bin/begin-mariadb': program(mariadb),
    'usr/local/bin/begin-redis': program(redis),
    'opt/ledger.sql': ledgerOfMariadb,
  },
}

// Serves /content. What it writes for itself is in /tmp and /run.
const nginxConfiguration = `
daemon off;
user www-data;
pid /run/nginx.pid;
error_log stderr;
events {}
http {
  access_log /dev/stdout;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen 80;
    root /content;
  }
}
`

export const nginx: ImageSpec = {
  ref: 'drayage-lab/nginx:1',
  base: 'debian',
  packages: ['nginx-light'],
  files: { 'opt/nginx.conf': nginxConfiguration },
  config: { Cmd: ['nginx', '-c', '/opt/nginx.conf'], StopSignal: 'SIGQUIT', ExposedPorts: { '80/tcp': {} } },
}
