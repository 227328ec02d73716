#!/bin/sh
# The simulated API server answers as the recorded real ones did.
# Environment: KG_BUILD, the build directory.
set -u
here=$(cd "$(dirname "$0")" && pwd)
sim=${KG_BUILD:-$here/../../build/dev}/tests/sim/apiserver/kube-sim
work=$(mktemp -d)
pids=

finish() {
    # shellcheck disable=SC2086
    [ -z "$pids" ] || kill $pids 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

# A server that imitates $1, with the rights that its lab gave to the agent,
# and all scenarios against it.
replay() {
    version=$1
    case $version in
    1.20) set -- --deny 'lab-agent=*:*' ;;
    *) set -- --deny 'lab-agent=*:secrets' --deny lab-agent=create:pods \
        --deny 'lab-agent=*:namespaces' ;;
    esac
    "$sim" --imitate "$version" "$@" --port-file "$work/$version.port" \
        --token admin=admin --token lab-agent=agent \
        >"$work/$version.out" 2>"$work/$version.err" &
    server=$!
    trap 'kill $server 2>/dev/null' TERM
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -s "$work/$version.port" ] && break
        sleep 0.2
    done
    "$here/../sim/exchange" replay --as "$version" -j 8 \
        --server "http://127.0.0.1:$(cat "$work/$version.port")"
    if kill "$server" && wait "$server"; then
        echo "ok the server ends cleanly"
    else
        echo "not ok the server ends cleanly: $(cat "$work/$version.err")"
    fi
}

for version in 1.20 0.36; do
    replay "$version" >"$work/$version" &
    pids="$pids $!"
done
wait
pids=

n=0
for version in 1.20 0.36; do
    while read -r line; do
        case $line in
        ok\ *) n=$((n + 1)) && echo "ok $n - ${line#ok } as $version" ;;
        not\ ok\ *)
            n=$((n + 1))
            rest=${line#not ok }
            echo "not ok $n - ${rest%%:*} as $version"
            echo "# ${rest#*: }"
            ;;
        *) echo "$line" ;;
        esac
    done <"$work/$version"
done
echo "1..$n"
