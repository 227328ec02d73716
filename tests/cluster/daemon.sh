# Sourced by cluster: daemons that outlive the call which starts them. $dir/run
# has a file for each: its pid, and when it began, so that a pid which the kernel
# has given to another since is never taken for it.
began() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# NAME: prints its pid; fails unless it runs.
alive() {
  local pid since
  read -r pid since 2>/dev/null <"$dir/run/$1" || return
  [ "$(began "$pid")" = "$since" ] || return
  [ "$(sed 's/.*) //' "/proc/$pid/stat" | cut -c1)" != Z ] || return
  echo "$pid"
}

# NAME COMMAND...: unless it runs. Nothing of our environment reaches it.
start() {
  local name=$1
  shift
  ! alive "$name" >/dev/null || return 0
  setsid env -i PATH="$PATH" HOME="$dir" LC_ALL=C.UTF-8 "$@" </dev/null >>"$dir/log/$name.log" 2>&1 9>&- &
  echo "$! $(began $!)" >"$dir/run/$name"
}

# NAME
stop() {
  local pid i
  for ((i = 0; i < 100; i++)); do
    pid=$(alive "$1") || break
    [ $i -gt 0 ] || kill -TERM "$pid"
    sleep 0.1
  done
  ! pid=$(alive "$1") || kill -KILL "$pid"
  rm -f "$dir/run/$1"
}

# WHAT COMMAND...: until it succeeds.
await() {
  local what=$1 deadline=$((SECONDS + patience))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || die "$what did not come within $patience s"
    sleep 0.1
  done
}

# NAME COMMAND...: until it succeeds; the end of its log tells why it never does.
await_daemon() {
  local name=$1 deadline=$((SECONDS + patience))
  shift
  until "$@" >/dev/null 2>&1; do
    if ! alive "$name" >/dev/null || [ $SECONDS -ge $deadline ]; then
      tail -n 5 "$dir/log/$name.log" >&2
      die "$name does not work; all it said: $dir/log/$name.log"
    fi
    sleep 0.1
  done
}
