# What the labs in the guest share: hosts as network namespaces, web servers that tell who they are, and checks
# that print what a person would see.
set -uo pipefail
failures=0
scratch=$(mktemp -d)

# What the lab before has left.
for name in $(ls /run/netns); do
  kill -9 $(ip netns pids "$name") 2>/dev/null
  ip netns del "$name"
done
# The kernel takes a deleted namespace apart when it has time; until then the ports on our side keep their names.
for name in $(ip -o link show type veth | awk '{ sub(/@.*/, "", $2); print $2 }') \
  $(ip -o link show type bridge | awk '{ sub(/:$/, "", $2); print $2 }'); do
  ip link del "$name" 2>/dev/null
done

say() { printf '\n-- %s\n' "$*"; }

# check TEXT EXPECTED ACTUAL
check() {
  if [[ $2 == "$3" ]]; then
    echo "ok: $1"
  else
    echo "NOT OK: $1"
    diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | sed 's/^</  expected:/; s/^>/  got:     /'
    failures=$((failures + 1))
  fi
}

# wait_for TEXT SECONDS COMMAND...: until the command succeeds; prints how long that took.
wait_for() {
  local text=$1 limit=$2 began now
  shift 2
  began=$(now_ms)
  while ! "$@" >/dev/null 2>&1; do
    now=$(now_ms)
    if ((now - began > limit * 1000)); then
      echo "NOT OK: $text (not within $limit s)"
      failures=$((failures + 1))
      return 1
    fi
    sleep 0.02
  done
  echo "ok: $text ($(($(now_ms) - began)) ms)"
}
now_ms() { local up; read -r up _ </proc/uptime; up=${up/./}; echo $((10#$up * 10)); }

# A host is a network namespace; the name is its network interface's on the wire, too.
host() { ip netns add "$1" && ip -n "$1" link set lo up; }
on() { local name=$1; shift; ip netns exec "$name" "$@"; }
# A switch is a bridge of the guest itself. plug HOST INTERFACE SWITCH ADDRESS/PREFIX
switch() { ip link add "$1" type bridge && ip link set "$1" up; }
plug() {
  local port="$1-$2"
  ip link add "$port" type veth peer name "$2" netns "$1"
  ip link set "$port" master "$3" up
  ip -n "$1" addr add "$4" dev "$2"
  ip -n "$1" link set "$2" up
}

# web HOST TEXT [PORT]: a web server whose page is the text; its process is ${web_pid[HOST]}.
declare -A web_pid
web() {
  mkdir -p "$scratch/$1"
  echo "$2" >"$scratch/$1/index.html"
  ip netns exec "$1" httpd -f -p "${3:-80}" -h "$scratch/$1" &
  web_pid[$1]=$!
}
# ask HOST URL [TIMES]: the pages that the host sees, one per line.
ask() {
  local i
  for ((i = 0; i < ${3:-1}; ++i)); do on "$1" curl -s -m 3 "$2" || echo "(nothing)"; done
}
# counted: "text=times text=times", sorted.
counted() { sort | uniq -c | awk '{printf "%s%s=%d", (NR > 1 ? " " : ""), $2, $1}'; }

# hold HOST ADDRESS PORT TIMES: connections that stay open until release.
declare -a held
hold() {
  local i
  for ((i = 0; i < $4; ++i)); do
    # The pause keeps what decides by connections from deciding before it has counted the last one.
    ip netns exec "$1" socat -u "tcp:$2:$3" - >/dev/null 2>&1 & held+=($!)
    sleep 0.2
  done
}
release() {
  ((${#held[@]} == 0)) || { kill "${held[@]}"; wait "${held[@]}"; } 2>/dev/null
  held=()
}
# active HOST SERVICE: the active connections of the service's servers, in the order of their addresses.
active() { on "$1" ipvsadm -Ln -t "$2" | awk '$1 == "->" && $2 ~ /[0-9]/ { printf "%s%d", s, $5; s = " " }'; }

# A configuration for the host `proxy`, from standard input; begin and end run Evenkeel with it there.
configure() { cat >"$scratch/lab.cfg"; }
# Not through on(): the process is to be our own child.
begin() { ip netns exec proxy evenkeel -f "$scratch/lab.cfg" "$@" 2>>"$scratch/log" & proxy_pid=$!; }
end() { kill -"${1:-TERM}" "$proxy_pid"; wait "$proxy_pid" 2>/dev/null; }
runtime() { echo "$1" | on proxy socat -t 5 - "unix-connect:$scratch/sock"; }
# The table as rules.
rules() { on proxy ipvsadm -Sn; }
has_rules() { [[ $(rules) == "$1" ]]; }

finish() { ((failures == 0)) || echo "$failures checks failed"; exit $((failures > 0)); }
