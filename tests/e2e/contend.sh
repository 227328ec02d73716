#!/bin/bash
# Three writers against each other for a short while, and whether their judge
# would notice. The long while: tests/sink/README.md.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export KG_BUILD=${KG_BUILD:-build/dev}

[ -n "${KT_PG_DATA:-}" ] || exec env -u KT_PG tests/lib/with-postgres "$0"

journal=$(mktemp -u /tmp/kt-contend.XXXXXX)
trap 'rm -f "$journal"' EXIT
n=0

# NAME OUTPUT STATUS: a claim holds with status 0.
claim() {
  n=$((n + 1))
  if [ "$3" = 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
  sed 's/^/# /' <<<"$2" | head -20
}

# NAME SQL WANT: judge says so once SQL was carried out; it is undone again.
judge_notices() {
  local said
  psql -qAtX "$KT_PG" -c "CREATE DATABASE kt_tampered TEMPLATE kt" &&
    psql -qAtX "$KT_PG dbname=kt_tampered" -c "$2"
  said=$(KT_PG="$KT_PG dbname=kt_tampered" tests/sink/contend/judge "$journal")
  grep -q "$3" <<<"$said"
  claim "$1" "$said" $?
  psql -qAtX "$KT_PG" -c "DROP DATABASE kt_tampered"
}

echo 1..6
said=$(tests/sink/contend/contend --seconds "${KG_CONTEND_SECONDS:-20}" --journal "$journal" 2>&1)
claim "three writers and a kill every two seconds confirm every report" "$said" $?
said=$(tests/sink/contend/judge "$journal")
claim "nothing is lost, nothing is there twice, newest wins, the ledger equals" "$said" $?
judge_notices "the judge notices a row that is lost" \
  "DELETE FROM scan_history WHERE name = (SELECT min(name) FROM scan_history)" "is lost"
judge_notices "the judge notices a row that is there twice" \
  "INSERT INTO scan_log SELECT * FROM scan_log LIMIT 1" "1 times too often"
judge_notices "the judge notices a row that is not the newest" \
  "UPDATE scan_history SET severity = 'run 1' WHERE name = 'key7'" "key7 is of run 1"
judge_notices "the judge notices a ledger that does not equal" \
  "UPDATE kubeglean_runs SET rows = rows + 1 WHERE rows > 5" "rows, and was confirmed"
