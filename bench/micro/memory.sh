#!/bin/bash
# Peak resident set of `kubeglean extract --profile krr`, and of `kubeglean
# agent` that follows the same log on the simulated API server and stores its
# rows in a private PostgreSQL. It must not grow with the log, nor with its one
# document.
#
#   bench/micro/memory.sh [SIZE...]        (2M 200M)
set -uo pipefail
. "$(dirname "$0")/common"

# FILE: KiB at the most.
extract_peak() {
  command time -f %M -o "$tmp/peak" "$bin/src/kubeglean" extract --profile krr "$1" \
    >/dev/null 2>"$tmp/stderr" || die "extract: $(tail -n 1 "$tmp/stderr")"
  cat "$tmp/peak"
}

# COMMAND...: until it succeeds.
await() {
  local deadline=$((SECONDS + 600))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || die "$* never succeeded: $(tail -n 3 "$tmp/agent.log")"
    sleep 0.1
  done
}

ask() { psql -qXAt "$KT_PG" -c "$1"; }

is_stored() { [ -n "$(ask "SELECT 1 FROM kubeglean_runs WHERE outcome <> 'running'")" ]; }

# With a PostgreSQL (KT_PG). FILE: its rows, and KiB at the most.
agent_peak() {
  local endpoint=127.0.0.1:$((20000 + RANDOM % 12000)) helpers
  "$bin/tests/sim/apiserver/kube-sim" --default-log "$1" --port-file "$tmp/port" \
    >"$tmp/sim.log" 2>&1 &
  helpers=$!
  await test -s "$tmp/port"
  cat >"$tmp/kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: sim
clusters: [{name: sim, cluster: {server: "http://127.0.0.1:$(cat "$tmp/port")"}}]
contexts: [{name: sim, context: {cluster: sim}}]
YAML
  cat >"$tmp/config.yaml" <<YAML
kind: Config
spec: {clusterName: bench, listen: "$endpoint", database: {url: "$KT_PG"}}
---
apiVersion: kubeglean.io/v1
kind: Task
metadata: {name: krr}
spec:
  profile: krr
  namespaces: [default]
  pod: {containers: [{name: krr, image: busybox}]}
YAML
  "$bin/src/kubeglean" agent -c "$tmp/config.yaml" --kubeconfig "$tmp/kubeconfig" \
    >"$tmp/agent.log" 2>&1 &
  helpers="$helpers $!"
  # shellcheck disable=SC2064 # The words as they are now.
  trap "kill $helpers; wait; rm -rf '$tmp'" EXIT
  await curl -sf "http://$endpoint/readyz"
  await curl -sf -X POST "http://$endpoint/api/v1/tasks/krr/run"
  await is_stored
  ask "SELECT rows FROM kubeglean_runs"
  sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$!/status"
}

if [ "${1:-}" = --with-postgres ]; then
  agent_peak "$2"
  exit
fi
sizes=("$@")
[ $# -gt 0 ] || sizes=(2M 200M)

need /usr/bin/time cmake curl psql
build_release kube-sim
printf '| | |\n|---|---|\n'
describe_machine
printf '\n| log | bytes of log | bytes of its document | extract, KiB | agent, KiB | rows stored |\n'
printf '|---|---|---|---|---|---|\n'
for size in "${sizes[@]}"; do
  generate "$size" --size "$size" --noise stray \
    --noise-size "$(($(numfmt --from=iec "$size") / 10))"
  {
    read -r rows
    read -r peak
  } < <(tests/lib/with-postgres bench/micro/memory.sh --with-postgres "$tmp/$size.log")
  printf '| %s | %s | %s | %s | %s | %s |\n' "$size" "$(bytes_of "$tmp/$size.log")" \
    "$(bytes_of "$tmp/$size.json")" "$(extract_peak "$tmp/$size.log")" "$peak" "$rows"
  rm -f "$tmp/$size".*
done
