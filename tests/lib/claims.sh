# Sourced by end-to-end tests in bash: a place for their files, and their claims
# as TAP. They end with: exit $failed
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
n=0
failed=0

# CLAIM COMMAND...: what a failing command said stands below its line.
claim() {
  local claim=$1
  shift
  n=$((n + 1))
  if "$@" >"$scratch/said" 2>&1; then
    echo "ok $n - $claim"
  else
    echo "not ok $n - $claim"
    tail -30 "$scratch/said" | sed 's/^/# /'
    failed=1
  fi
}

# CODE COMMAND...: its output is $scratch/out and err.
exits() {
  local want=$1 code
  shift
  "$@" >"$scratch/out" 2>"$scratch/err"
  code=$?
  [ "$code" = "$want" ] && return
  echo "exit code $code, not $want; standard error:"
  cat "$scratch/err"
  return 1
}

said() { grep -F -- "$1" "$scratch/err" || { cat "$scratch/err"; return 1; }; }
