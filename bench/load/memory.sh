#!/bin/bash
# Peak resident set of `kubeglean run` that follows a Job's log on the simulated
# API server and stores its one report in PostgreSQL: it must not grow with the
# report. Rows are counted at the end.
#
#   tests/lib/with-postgres bench/load/memory.sh [SIZE...]        (2M 200M)
set -uo pipefail
. "$(dirname "$0")/../micro/common"

sizes=("$@")
[ $# -gt 0 ] || sizes=(2M 200M)
[ -n "${KT_PG:-}" ] || die "no database: tests/lib/with-postgres bench/load/memory.sh"

serve_log() { # FILE
  "$bin/tests/sim/apiserver/kube-sim" --port-file "$tmp/port" --default-log "$1" \
    --log-rate 200000000 >"$tmp/sim.log" 2>&1 &
  sim=$!
  for ((i = 0; i < 100; i++)); do
    [ -s "$tmp/port" ] && break
    sleep 0.1
  done
  cat >"$tmp/kubeconfig" <<EOF
apiVersion: v1
kind: Config
current-context: sim
clusters: [{name: sim, cluster: {server: "http://127.0.0.1:$(cat "$tmp/port")"}}]
users: [{name: sim, user: {}}]
contexts: [{name: sim, context: {cluster: sim, user: sim, namespace: default}}]
EOF
}

# Prints "KiB seconds" of the run.
run_job() {
  command time -f '%M %e' -o "$tmp/peak" "$bin/src/kubeglean" run --profile krr \
    --image krr --kubeconfig "$tmp/kubeconfig" --database "$KT_PG" 2>"$tmp/stderr" >/dev/null ||
    die "run: $(tail -n 3 "$tmp/stderr")"
  tail -n 1 "$tmp/peak"
}

need /usr/bin/time cmake psql
build_release
cmake --build --preset release --target kube-sim >>"$tmp/build.log" 2>&1 || die "the build failed"
printf '| | |\n|---|---|\n'
describe_machine
printf '\n| log | bytes of log | rows stored | peak resident set, KiB | seconds |\n|---|---|---|---|---|\n'
for size in "${sizes[@]}"; do
  generate "$size" --size "$size" --noise stray --cluster "c$size" \
    --noise-size "$(($(numfmt --from=iec "$size") / 10))"
  rm -f "$tmp/port"
  serve_log "$tmp/$size.log"
  result=$(run_job) || exit 1
  kill "$sim"
  wait "$sim" 2>/dev/null
  printf '| %s | %s | %s | %s | %s |\n' "$size" "$(bytes_of "$tmp/$size.log")" \
    "$(psql "$KT_PG" -XAtqc "SELECT count(*) FROM scan_history WHERE cluster = 'c$size'")" \
    "${result% *}" "${result#* }"
  rm -f "$tmp/$size".*
done
