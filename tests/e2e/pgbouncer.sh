#!/bin/bash
# The sink's tests again, through a PgBouncer that pools transactions; and three
# writers with a pool of one, while PgBouncer and the server behind it restart.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export KG_BUILD=${KG_BUILD:-build/dev}
programs=(sink_store sink_stage sink_reject sink_mode sink_hard sink_table
  sink_type sink_tie sink_part sink_cancel sink_fault sink_batch)

if ! command -v pgbouncer >/dev/null; then
  echo "1..1"
  echo "ok 1 - the sink works through PgBouncer # SKIP no pgbouncer"
  exit 0
fi
[ -n "${KT_PG_DATA:-}" ] || exec env -u KT_PG tests/lib/with-postgres "$0"

dir=$(mktemp -d /tmp/kt-bouncer.XXXXXX)
bouncer=
server=$KT_PG
server_port=${KT_PG##*port=}
server_port=${server_port%% *}
port=$((server_port + 12000))
as=()
if [ "$(id -u)" = 0 ]; then # It refuses to be root, as the server does.
  chown nobody "$dir"
  as=(setpriv --reuid nobody --regid nogroup --clear-groups)
fi

end_bouncer() { # SIGNAL
  [ -z "$bouncer" ] || { kill "-$1" "$bouncer"; wait "$bouncer"; } 2>/dev/null
  bouncer=
}
finish() {
  end_bouncer TERM
  rm -rf "$dir"
}
trap finish EXIT

start_bouncer() { # POOL
  cat >"$dir/ini" <<INI
[databases]
* = host=${KT_PG_DATA%/data} port=$server_port user=kt
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = $1
server_login_retry = 1
logfile = $dir/log
INI
  "${as[@]}" pgbouncer -q "$dir/ini" &
  bouncer=$!
  for i in $(seq 50); do
    psql -qAtX "$through" -c 'SELECT' 2>/dev/null && break
    sleep 0.1
  done
}

# NAME STATUS OUTPUT: a claim holds with status 0.
n=0
claim() {
  n=$((n + 1))
  if [ "$2" = 0 ]; then
    echo "ok $n - $1"
  else
    echo "not ok $n - $1"
    grep -v 'RUN\|  OK' <<<"$3" | head -20 | sed 's/^/# /'
    sed 's/^/# /' "$dir/log" | tail -5
  fi
}

through="host=127.0.0.1 port=$port user=kt dbname=kt"
start_bouncer 8 # Tests hold locks in sessions beside the sink's.
echo "1..$((${#programs[@]} + 2))"
for program in "${programs[@]}"; do
  said=$(env -u KT_PG_DATA KT_PG="$through" tests/lib/with-postgres "$KG_BUILD/tests/$program" 2>&1)
  claim "$program passes through PgBouncer" $? "$said"
done

end_bouncer TERM
start_bouncer 1
psql -qX "$server" -c 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public' 2>"$dir/psql"
env -u KT_PG_DATA KT_PG="$through" tests/sink/contend/contend --seconds 9 \
  --journal "$dir/journal" >"$dir/said" 2>&1 &
contest=$!
sleep 3
end_bouncer KILL
sleep 0.5
start_bouncer 1
sleep 2
tests/lib/with-postgres --ctl stop
sleep 0.5
tests/lib/with-postgres --ctl start
wait "$contest"
claim "with a pool of one every report is confirmed, whatever restarts" $? "$(cat "$dir/said")"
said=$(KT_PG=$server tests/sink/contend/judge "$dir/journal")
claim "nothing is lost and nothing is there twice behind PgBouncer" $? "$said"
