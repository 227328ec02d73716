#!/bin/bash
# Bytes per CPU second of `kubeglean extract --profile krr` on a log, against
# yajl's json_verify on the document alone. Rounds are interleaved; medians.
#
#   bench/micro/extract.sh [--size 256M] [--rounds 5]
set -uo pipefail
. "$(dirname "$0")/common"

size=256M
rounds=5
while [ $# -gt 0 ]; do
  case $1 in
  --size) size=$2 ;;
  --rounds) rounds=$2 ;;
  *) die "usage: bench/micro/extract.sh [--size BYTES] [--rounds N]" ;;
  esac
  shift 2
done

# NAME: CPU seconds of one run on the log called NAME.
verify_twin() { json_verify -q <"$tmp/$1.json"; }
extract_rows() { "$bin/src/kubeglean" extract --profile krr "$tmp/$1.log"; }
extract_by_yajl() { KG_PARSER=yajl extract_rows "$1"; }

# VARIANT NAME: appends GB a CPU second to $tmp/VARIANT.NAME.
measure() {
  local variant=$1 name=$2 file user sys
  case $variant in
  verify_twin) file=$tmp/$name.json ;;
  *) file=$tmp/$name.log ;;
  esac
  read -r user sys < <({ time "$variant" "$name" >/dev/null 2>"$tmp/stderr"; } 2>&1)
  awk -v n="$(bytes_of "$file")" -v u="$user" -v s="$sys" \
    'BEGIN { printf "%.4f\n", n / (u + s) / 1e9 }' >>"$tmp/$variant.$name"
}

variants=(verify_twin extract_rows extract_by_yajl)
names=(pretty compact)

need json_verify cmake
build_release
for name in "${names[@]}"; do
  say "generating $size, $name"
  generate "$name" --size "$size" --layout "$name" --noise stray
  extract_rows "$name" >/dev/null 2>"$tmp/stderr" ||
    die "extract ended with $?: $(tail -n 1 "$tmp/stderr")"
done
for ((round = 1; round <= rounds; round++)); do
  say "round $round of $rounds"
  for name in "${names[@]}"; do
    for variant in "${variants[@]}"; do
      measure "$variant" "$name"
    done
  done
done

printf '| | |\n|---|---|\n'
describe_machine
printf '| log | %s, noise stray, seed 1 |\n| rounds | %s, interleaved; medians |\n\n' "$size" "$rounds"
printf '| GB per CPU second | json_verify on the twin | extract --profile krr | ratio | the same by yajl | ratio |\n'
printf '|---|---|---|---|---|---|\n'
for name in "${names[@]}"; do
  for variant in "${variants[@]}"; do
    median <"$tmp/$variant.$name"
  done | paste -s - | awk -v name="$name" \
    '{ printf "| %s | %.3f | %.3f | %.2f | %.3f | %.2f |\n", name, $1, $2, $2 / $1, $3, $3 / $1 }'
done
