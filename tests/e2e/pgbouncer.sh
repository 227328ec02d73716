#!/bin/bash
# The sink's tests again, through a PgBouncer that pools transactions: two
# server connections, whichever is free.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${KG_BUILD:-build/dev}
programs=(sink_store sink_stage sink_reject)

if ! command -v pgbouncer >/dev/null; then
  echo "1..1"
  echo "ok 1 - the sink works through PgBouncer # SKIP no pgbouncer"
  exit 0
fi
[ -n "${KT_PG_DATA:-}" ] || exec env -u KT_PG tests/lib/with-postgres "$0"

dir=$(mktemp -d /tmp/kt-bouncer.XXXXXX)
bouncer=
finish() {
  [ -z "$bouncer" ] || { kill "$bouncer"; wait "$bouncer"; } 2>/dev/null
  rm -rf "$dir"
}
trap finish EXIT

server_port=${KT_PG##*port=}
server_port=${server_port%% *}
port=$((server_port + 12000))
cat >"$dir/ini" <<INI
[databases]
* = host=${KT_PG_DATA%/data} port=$server_port user=kt
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = $dir/log
INI
as=()
if [ "$(id -u)" = 0 ]; then # It refuses to be root, as the server does.
  chown -R nobody "$dir"
  as=(setpriv --reuid nobody --regid nogroup --clear-groups)
fi
"${as[@]}" pgbouncer -q "$dir/ini" &
bouncer=$!
export KT_PG="host=127.0.0.1 port=$port user=kt dbname=kt"
unset KT_PG_DATA
for i in $(seq 50); do
  psql -qAtX "$KT_PG" -c 'SELECT' 2>/dev/null && break
  sleep 0.1
done

echo "1..${#programs[@]}"
n=0
for program in "${programs[@]}"; do
  n=$((n + 1))
  if said=$(tests/lib/with-postgres "$build/tests/$program" 2>&1); then
    echo "ok $n - $program passes through PgBouncer"
  else
    echo "not ok $n - $program passes through PgBouncer"
    grep -v 'RUN\|  OK' <<<"$said" | head -20 | sed 's/^/# /'
    sed 's/^/# /' "$dir/log" | tail -5
  fi
done
