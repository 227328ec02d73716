#!/bin/bash
# `kubeglean schema`: its scripts make the tables, twice if need be, and give a
# role the rights.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
program=${KG_BUILD:-build/dev}/src/kubeglean

if [ -z "${KT_PG:-}" ]; then
  exec tests/lib/with-postgres "$0"
fi

n=0
check() { # CLAIM COMMAND...
  local claim=$1 said
  shift
  n=$((n + 1))
  if said=$("$@" 2>&1); then
    echo "ok $n - $claim"
  else
    echo "not ok $n - $claim"
    sed 's/^/# /' <<<"$said"
  fi
}
sql() { psql -qAtX -v ON_ERROR_STOP=1 "$KT_PG" "$@"; }
make_tables() { "$program" schema krr | PGOPTIONS='-c client_min_messages=error' sql; }
make_all() {
  # shellcheck disable=SC2046 # names without blanks
  "$program" schema $("$program" profiles list | awk 'NR > 1 {print $1}') |
    PGOPTIONS='-c client_min_messages=error' sql
}
grant() { "$program" schema --grants --role "kt reader" krr | sql; }
may() { [ "$(sql -c "SELECT has_table_privilege('kt reader', '$1', '$2')")" = "$3" ]; }
refused() { ! "$program" schema nowhere.yaml; }

echo "1..7"
check "the script makes the tables" make_tables
check "it may be run again" make_tables
check "so does that of all built-in profiles" make_all
sql -c 'CREATE ROLE "kt reader"'
check "the grants are accepted" grant
check "the role may write the target" may scan_history UPDATE t
check "the role may not delete from it" may scan_history DELETE f
check "a profile that is not there is refused" refused
sql -c 'DROP OWNED BY "kt reader"; DROP ROLE "kt reader"'
