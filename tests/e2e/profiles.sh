#!/bin/bash
# `kubeglean profiles` as somebody uses it who writes a profile: from a built-in
# one to one of their own, with its mistakes.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/claims.sh
kubeglean=${KG_BUILD:-build/dev}/src/kubeglean
reports=$PWD/tests/data/reports

# CODE ARG...
ends_with() { exits "$1" "$kubeglean" profiles "${@:2}"; }
out_has() { grep -E -- "$1" "$scratch/out" || { cat "$scratch/out"; return 1; }; }
names() { "$kubeglean" profiles list | awk 'NR > 1 {print $1}'; }

listed() {
  ends_with 0 list && out_has '^NAME +TABLE +SUMMARY' &&
    out_has '^kubeaudit +kubeaudit_findings +kubeaudit: a row for each' &&
    [ "$(names | sort)" = "$(basename -s .yaml src/json/profiles/*.yaml | sort)" ]
}

shown() {
  local name
  for name in $(names); do
    ends_with 0 show "$name" && diff "$scratch/out" "src/json/profiles/$name.yaml" &&
      cp "$scratch/out" "$scratch/$name.yaml" && ends_with 0 check "$scratch/$name.yaml" &&
      out_has "profile $name is right" || return
  done
}

same_rows() {
  local name log
  for name in $(names); do
    "$kubeglean" profiles show "$name" >"$scratch/$name.yaml" || return
    for log in "$reports/${name%-seed}"/*.{json,log}; do
      [ -e "$log" ] || continue
      diff <("$kubeglean" extract --profile "$name" "$log" 2>/dev/null) \
        <("$kubeglean" extract --profile "$scratch/$name.yaml" "$log" 2>/dev/null) || return
    done
  done
}

# The rows of a profile on its tools' reports, with the parser meeting all.
parser_alone() {
  local name log
  for name in $(names); do
    for log in "$reports/${name%-seed}"/*.{json,log}; do
      [ -e "$log" ] || continue
      "$kubeglean" extract --profile "$name" --set node=n1 "$log" >"$scratch/out" 2>"$scratch/err" &&
        KG_PARSER=yajl "$kubeglean" extract --profile "$name" --set node=n1 "$log" \
          >"$scratch/by-yajl" 2>"$scratch/yajl-err" &&
        diff "$scratch/out" "$scratch/by-yajl" && diff "$scratch/err" "$scratch/yajl-err" || return
    done
  done
}

mistakes() {
  sed 's/type: integer, count/type: int, count/' src/json/profiles/krr.yaml >"$scratch/type.yaml"
  sed 's/"@.recommended"/"$.recommended"/' src/json/profiles/krr.yaml >"$scratch/path.yaml"
  sed 's/^  mode:/  moed:/' src/json/profiles/krr.yaml >"$scratch/key.yaml"
  echo '{' >"$scratch/yaml.yaml"
  ends_with 2 check "$scratch/type.yaml" && said ':24: type: int is none of' &&
    ends_with 2 check "$scratch/path.yaml" && said ':43: path "$.recommended": it begins with @' &&
    ends_with 2 check "$scratch/key.yaml" && said ':3: moed is not known here; these are: summary, root' &&
    ends_with 2 check "$scratch/yaml.yaml" && said 'yaml.yaml:2:' &&
    ends_with 2 check "$scratch/none.yaml" && said 'No such file' &&
    ends_with 2 check "$scratch/key.yaml" src/json/profiles/krr.yaml && out_has 'profile krr is right'
}

tested() {
  ends_with 0 test --set cluster=c1 krr "$reports/krr/today.json" &&
    out_has '^0 +1626 +2 +0 +complete ' &&
    out_has '^cluster +text +2 +c1$' && out_has '^pods +integer +2 +2$' &&
    out_has '^scanned_at +timestamptz +0 +<stayed empty>' && out_has '^Every path was met'
}

paths() {
  sed 's/"@.severity"/"@.severities"/' src/json/profiles/krr.yaml >"$scratch/wrong.yaml"
  ends_with 0 test "$scratch/wrong.yaml" - <"$reports/krr/v1.6.json" &&
    out_has '^severity +text +0 +<stayed empty>' && out_has '^severity +@.severities$'
}

several_logs() {
  ends_with 0 test kube-bench "$reports"/kube-bench/*.json "$reports/krr/v1.6.json" &&
    out_has '^test_number +text +5 ' && out_has '^Every path was met'
}

nothing_found() {
  ends_with 3 test kube-bench "$reports/krr/today.json" && out_has '^rows +\$\.tests' &&
    out_has '^match +\$\.Controls'
}

bad_reports() {
  head -c 300 "$reports/krr/v1.6.json" >"$scratch/cut"
  ends_with 4 test krr "$scratch/cut" && out_has 'incomplete .*the log ends inside it' &&
    echo '{"scans":7}' | ends_with 4 test krr && out_has 'rejected .*\$\.scans\[\*\] is of the wrong type' &&
    echo '{"scans":[{}]}' | ends_with 4 test krr && said 'column namespace: a key is null' &&
    ends_with 1 test krr "$scratch/none" && said 'No such file'
}

usage() {
  ends_with 2 && said 'list, show, check, test' && ends_with 2 shwo krr && ends_with 2 show &&
    said 'profiles show NAME' && ends_with 2 show mine && said 'profiles list' && ends_with 2 list krr &&
    ends_with 2 --set cluster=x list && said 'test alone' && ends_with 2 test krr --set x=1 && said x &&
    ends_with 0 --help && out_has 'kubectl logs'
}

full_disk() {
  "$kubeglean" profiles list >/dev/full 2>"$scratch/err"
  [ $? = 1 ] && said 'No space left' && "$kubeglean" profiles show krr >/dev/full 2>"$scratch/err"
  [ $? = 1 ] && said 'No space left'
}

echo 1..12
claim "list names each built-in profile, its table, and what it is for" listed
claim "what show prints is the profile, and is right" shown
claim "it gives the same rows as a file" same_rows
claim "the parser alone finds the same in each tool's reports" parser_alone
claim "check says where a mistake is, and looks at all files" mistakes
claim "test tells reports, columns and first values" tested
claim "a path that leads nowhere is named, and its column empty" paths
claim "several logs are one test" several_logs
claim "a log without a report is exit code 3, with the paths that were looked for" nothing_found
claim "a report that is incomplete or rejected is exit code 4, and why" bad_reports
claim "wrong usage is exit code 2 and names the cure" usage
claim "a full disk is exit code 1" full_disk
exit $failed
