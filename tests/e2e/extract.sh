#!/bin/bash
# `kubeglean extract` as a stranger uses it: forms, options, exit codes, and what
# happens when input or output goes wrong.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/claims.sh
kubeglean=${KG_BUILD:-build/dev}/src/kubeglean
gen=${KG_BUILD:-build/dev}/bench/kg-gen

# CODE ARG...
ends_with() { exits "$1" "$kubeglean" extract "${@:2}"; }
out_is() { diff <(printf '%s' "$1") "$scratch/out"; }
summary_is() { diff <(echo "$1") <(tail -n 1 "$scratch/err"); }

row='{"object":{"cluster":null,"namespace":"s","name":"a,\"b","kind":"Job","container":"c","pods":[{"deleted":false}],"allocations":{"x": [1, 2]}},"severity":""}'

documents() {
  printf 'x {"a": 1}\n{ "b" : NaN }' | ends_with 0 &&
    out_is $'{"a":1}\n{"b":null}\n' &&
    summary_is 'documents=2 rows=0 rejected=0 duplicates=0 nan=1 damaged=0 noise_bytes=3'
}

files_and_stdin() {
  echo '{"a":1}' >"$scratch/a"
  echo '{"b":2}' | ends_with 0 "$scratch/a" - "$scratch/a" &&
    out_is $'{"a":1}\n{"b":2}\n{"a":1}\n'
}

missing_file() {
  echo '{"a":1}' >"$scratch/a"
  ends_with 1 "$scratch/none" "$scratch/a" && out_is $'{"a":1}\n' &&
    said 'No such file'
}

nothing_found() { echo noise | ends_with 3 && out_is ''; }

damage() {
  printf '{"a": 1' | ends_with 4 && out_is '' &&
    summary_is 'documents=0 rows=0 rejected=0 duplicates=0 nan=0 damaged=1 noise_bytes=0' &&
    printf '{"a": 1 x {"b":2}' | ends_with 0 && out_is $'{"b":2}\n' &&
    printf '  }\n}\n' | ends_with 4 && said 'closers without openers' &&
    printf '{"no": {' | ends_with 4 --profile krr && said 'no report was found' &&
    printf '{"scans":[]} x' | ends_with 4 --profile krr --strict && said 'not one JSON text'
}

ndjson() {
  echo "{\"scans\":[$row]}" | ends_with 0 --profile krr --set cluster=k1 \
    --set scanned_at=2026-11-22T10:42:00.5+01:00 &&
    out_is '{"cluster":"k1","namespace":"s","name":"a,\"b","kind":"Job","container":"c","pods":1,"pods_live":1,"allocations":{"x":[1,2]},"recommended":null,"severity":"","scanned_at":"2026-11-22T09:42:00.500000Z"}
'
}

csv() {
  echo "{\"scans\":[$row]}" | ends_with 0 --profile krr -o csv &&
    out_is 'cluster,namespace,name,kind,container,pods,pods_live,allocations,recommended,severity,scanned_at
"",s,"a,""b",Job,c,1,1,"{""x"":[1,2]}",,"",
'
}

table() {
  echo "{\"scans\":[$row]}" | ends_with 0 --profile krr-seed -o table &&
    grep -q '^NAMESPACE .*ALLOCATIONS' "$scratch/out" && grep -q '^s  *a,"b  *Job' "$scratch/out"
}

rows_counted() {
  echo "{\"scans\":[$row,$row,{}]}" | ends_with 4 --profile krr && said 'namespace' &&
    summary_is 'documents=1 rows=2 rejected=1 duplicates=1 nan=0 damaged=0 noise_bytes=1'
}

no_key() {
  sed 's/, key: true//; s/upsert/append/' src/json/profiles/krr.yaml >"$scratch/history.yaml"
  echo "{\"scans\":[$row,$row]}" | ends_with 0 --profile "$scratch/history.yaml" &&
    summary_is 'documents=1 rows=2 rejected=0 duplicates=0 nan=0 damaged=0 noise_bytes=1'
}

damage_named() {
  echo fine >"$scratch/fine"
  printf '{"no": {' >"$scratch/cut"
  printf '}\n}\n' >"$scratch/tail"
  ends_with 4 --profile krr "$scratch/fine" "$scratch/cut" "$scratch/tail" && said '/cut: bytes 0 to 8 are' &&
    ends_with 4 "$scratch/fine" "$scratch/tail" && said '/tail: it begins inside a document'
}

rejected() {
  echo '{"scans":{}}' | ends_with 4 --profile krr && said 'rows: $.scans[*] is of the wrong type' &&
    sed '/match:/d' src/json/profiles/krr.yaml >"$scratch/any.yaml" &&
    echo '{"id":1}' | ends_with 4 --profile "$scratch/any.yaml" && said 'rows: $.scans[*] is absent'
}

whole() {
  echo "{\"scans\":[$row" | ends_with 4 --profile krr --whole && out_is '' &&
    summary_is 'documents=0 rows=0 rejected=0 duplicates=0 nan=0 damaged=1 noise_bytes=0' &&
    echo "{\"scans\":[$row" | ends_with 4 --profile krr && [ -s "$scratch/out" ] &&
    said 'incomplete (cut)'
}

strict() {
  echo ' [1]' | ends_with 0 --strict --root any && out_is $'[1]\n' &&
    echo '[1] x' | ends_with 4 --strict --root any &&
    echo '[NaN]' | ends_with 4 --strict --root any &&
    echo '"x"' | ends_with 0 --strict --root any
}

limits() {
  echo '{"a":"0123456789"} {"b":1}' | ends_with 4 --max-string 9 &&
    out_is $'{"b":1}\n' && said 'a string above 9 bytes' && said --max-string &&
    echo '{"a":[[]]}' | ends_with 4 --max-depth 2 && said --max-depth &&
    echo '{"abc":1}' | ends_with 4 --max-key 2 && said --max-key &&
    echo '{"abc":123}' | ends_with 4 --max-number 2 && said --max-number &&
    { echo '{"scans":[{"object":{"container":"c","allocations":["'
      head -c 5000000 /dev/zero | tr '\0' x
      echo '"]}}]}'; } | tr -d '\n' | ends_with 4 --profile krr --max-string 8MiB &&
    said 'incomplete (limit): a row above 4194304 bytes'
}

own_profile() {
  cat >"$scratch/p.yaml" <<'YAML'
apiVersion: kubeglean.io/v1
kind: Profile
metadata: {name: mine}
spec:
  rows: $
  table: mine
  columns:
  - {name: id, type: bigint, key: true, path: "@.id"}
YAML
  echo '{"id":9007199254740993}' | ends_with 0 --profile "$scratch/p.yaml" &&
    out_is $'{"id":9007199254740993}\n' &&
    sed -i 's/bigint/long/' "$scratch/p.yaml" &&
    ends_with 2 --profile "$scratch/p.yaml" </dev/null && said 'p.yaml:8:'
}

usage() {
  ends_with 2 --profile none </dev/null && ends_with 2 --root tree </dev/null &&
    ends_with 2 -o csv </dev/null && said --profile &&
    ends_with 2 --set cluster=x </dev/null && said --profile &&
    ends_with 2 --profile krr --set colour=x </dev/null && said scanned_at &&
    ends_with 2 --profile krr --set scanned_at=noon </dev/null && said 2026-11-22 &&
    ends_with 2 --max-depth 10001 </dev/null && said 10000 &&
    KG_PARSER=foo ends_with 2 </dev/null && said 'yajl, or unset' &&
    KG_SIMD=foo ends_with 2 </dev/null && said 'or unset'
}

closed_pipe() {
  "$gen" --rows 20000 | "$kubeglean" extract --profile krr 2>"$scratch/err" | head -n 1 >/dev/null
  [ "${PIPESTATUS[1]}" = 1 ] && said 'Broken pipe'
}

full_disk() {
  echo '{"a":1}' | "$kubeglean" extract >/dev/full 2>"$scratch/err"
  [ $? = 1 ] && said 'No space left'
}

no_temporary() {
  "$gen" --rows 1000 --noise none >"$scratch/large"
  TMPDIR=$scratch/none "$kubeglean" extract "$scratch/large" >"$scratch/out" 2>"$scratch/err"
  [ $? = 1 ] && said TMPDIR && out_is ''
}

# As the generator wrote them, but for what an extract does not know.
same_as_generated() {
  "$gen" --rows 300 --documents 3 --noise stray --non-ascii "$@" --output "$scratch/log" \
    --twin "$scratch/twin" --expect "$scratch/rows" &&
    ends_with 0 --profile krr "$scratch/log" &&
    diff <(jq -cS 'del(.scanned_at)' "$scratch/out") <(jq -cS 'del(.document)' "$scratch/rows") &&
    KG_PARSER=yajl "$kubeglean" extract --profile krr "$scratch/log" 2>&1 >"$scratch/by-yajl" |
    tail -n 1 | diff - <(tail -n 1 "$scratch/err") &&
    diff "$scratch/out" "$scratch/by-yajl" &&
    ends_with 0 "$scratch/twin" && diff <(jq -c . "$scratch/twin") <(jq -c . "$scratch/out")
}

# A file of that size is mapped, from its beginning or from a page's on.
same_by_any_way() {
  "$gen" --size 2M --noise stray --output "$scratch/log" &&
    "$kubeglean" extract --profile krr < <(cat "$scratch/log") >"$scratch/by-pipe" &&
    ends_with 0 --profile krr "$scratch/log" && diff "$scratch/out" "$scratch/by-pipe" &&
    head -c 5000 "$scratch/log" | tr -c '\n' x >"$scratch/late" && cat "$scratch/log" >>"$scratch/late" &&
    for skipped in 4096 5000; do
      { dd bs="$skipped" count=1 of=/dev/null && ends_with 0 --profile krr; } <"$scratch/late" &&
        diff "$scratch/out" "$scratch/by-pipe" || return 1
    done
}

cut_while_read() {
  local code
  "$gen" --size 4M --output "$scratch/log" && mkfifo "$scratch/rows-fifo" || return 1
  "$kubeglean" extract --profile krr "$scratch/log" >"$scratch/rows-fifo" 2>"$scratch/err" &
  exec 9<"$scratch/rows-fifo"
  read -r _ <&9 # It waits for who reads the others.
  : >"$scratch/log"
  cat <&9 >/dev/null
  exec 9<&-
  wait $!
  code=$?
  said "$scratch/log: it was cut while it was read" && [ $code = 1 ]
}

trickle() {
  mkfifo "$scratch/fifo"
  "$kubeglean" extract --profile krr <"$scratch/fifo" 2>"$scratch/err" | head -n 1 >"$scratch/out" &
  exec 9>"$scratch/fifo"
  printf '{"scans":[%s,' "$row" >&9
  for _ in $(seq 100); do
    [ -s "$scratch/out" ] && break
    sleep 0.1
  done
  exec 9>&-
  wait
  [ -s "$scratch/out" ]
}

# ISSUES: a popeye report, whose cluster is told behind its rows.
popeye() {
  awk -v n="$1" 'BEGIN {
    printf "{\"popeye\":{\"score\":70,\"sections\":[{\"linter\":\"pods\",\"issues\":{"
    for (i = 0; i < n; i++)
      printf "%s\"ns/p%06d\":[{\"group\":\"__root__\",\"level\":2,\"message\":\"[POP-106] No limits\"}]", i ? "," : "", i
    printf "}}]},\"ClusterName\":\"%s\",\"ContextName\":\"ctx\"}\n", "k1" }'
}

late_rows() {
  popeye 40000 >"$scratch/popeye"
  ends_with 0 --profile popeye "$scratch/popeye" "$scratch/popeye" &&
    summary_is 'documents=2 rows=80000 rejected=0 duplicates=0 nan=0 damaged=0 noise_bytes=2' &&
    [ "$(jq -r '[.cluster, .context, .code] | join(" ")' "$scratch/out" | uniq -c)" = '  80000 k1 ctx POP-106' ] &&
    diff <(head -n 40000 "$scratch/out") <(tail -n 40000 "$scratch/out") &&
    diff <(jq -r .resource "$scratch/out" | head -n 40000) <(seq -f 'ns/p%06g' 0 39999)
}

late_rows_cut() {
  popeye 40000 | sed 's/,"Context.*//' | ends_with 4 --profile popeye && out_is '' &&
    said 'incomplete (cut)' && tail -n 1 "$scratch/err" | grep -q ' rows=0 '
}

late_rows_no_temporary() {
  popeye 40000 | TMPDIR=$scratch/none ends_with 1 --profile popeye && said TMPDIR && out_is ''
}

late_rows_tested() {
  exits 0 "$kubeglean" profiles test popeye "$scratch/popeye" &&
    grep -q '^cluster  *text  *40000  *k1' "$scratch/out"
}

echo 1..27
claim "documents are printed one a line, without white space" documents
claim "files and standard input are read in their order" files_and_stdin
claim "a missing file is exit code 1, and the others are read" missing_file
claim "nothing found is exit code 3" nothing_found
claim "damage is exit code 4 when nothing else was found" damage
claim "rows are NDJSON with raw JSON nested and NULL as null" ndjson
claim "CSV has a header, JSON as text, and tells NULL from empty" csv
claim "a table is for people" table
claim "rejected rows and duplicates are counted, and are exit code 4" rows_counted
claim "rows without a key are no duplicates" no_key
claim "damage is told with its file and place" damage_named
claim "a rejected report names the path that does not fit" rejected
claim "--whole prints no row of a report that was cut" whole
claim "--strict takes one JSON text of RFC 8259 and no more" strict
claim "a limit is exit code 4 and names itself" limits
claim "a profile of one's own is a file, and its mistakes have a place" own_profile
claim "wrong usage is exit code 2 and names the cure" usage
claim "a closed pipe is exit code 1" closed_pipe
claim "a full disk is exit code 1" full_disk
claim "a document that cannot be held is exit code 1, and nothing of it printed" no_temporary
claim "rows of any number wait in a file for a value behind them" late_rows
claim "of a report that is cut none of them is printed" late_rows_cut
claim "without room for that file it is exit code 1, and TMPDIR the cure" late_rows_no_temporary
claim "\`profiles test\` counts what they lack as filled" late_rows_tested
claim "pretty reports in stray noise give the rows that were generated" same_as_generated
claim "so do those in one line with CR LF around" same_as_generated --layout compact --crlf
claim "a file gives the rows that it gives through a pipe, wherever it is read from" same_by_any_way
claim "a file that is cut while it is read is exit code 1, and named" cut_while_read
claim "a row is printed when it is found, not at the end" trickle
exit $failed
