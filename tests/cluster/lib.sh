# Sourced by build, cluster and run: where things are, and what they all say.
self=${BASH_SOURCE[1]##*/}
here=$(realpath "${BASH_SOURCE[0]%/*}")
cache=$(realpath -m "${KT_CLUSTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kubeglean/kubernetes-1.20}")
bin=$cache/bin

say() { printf '%s\n' "$*" >&2; }

die() {
  say "tests/cluster/$self: $*"
  exit 1
}
