#!/bin/bash
# Peak resident set of `kubeglean extract --profile krr`: it must not grow with
# the log, nor with its one document.
#
#   bench/micro/memory.sh [SIZE...]        (2M 200M)
set -uo pipefail
. "$(dirname "$0")/common"

sizes=("$@")
[ $# -gt 0 ] || sizes=(2M 200M)

# FILE: KiB at the most.
peak_of() {
  command time -f %M -o "$tmp/peak" "$bin/src/kubeglean" extract --profile krr "$1" \
    >/dev/null 2>"$tmp/stderr" || die "extract: $(tail -n 1 "$tmp/stderr")"
  cat "$tmp/peak"
}

need /usr/bin/time cmake
build_release
printf '| | |\n|---|---|\n'
describe_machine
printf '\n| log | bytes of log | bytes of its document | peak resident set, KiB |\n|---|---|---|---|\n'
for size in "${sizes[@]}"; do
  generate "$size" --size "$size" --noise stray \
    --noise-size "$(($(numfmt --from=iec "$size") / 10))"
  printf '| %s | %s | %s | %s |\n' "$size" "$(bytes_of "$tmp/$size.log")" \
    "$(bytes_of "$tmp/$size.json")" "$(peak_of "$tmp/$size.log")"
  rm -f "$tmp/$size".*
done
