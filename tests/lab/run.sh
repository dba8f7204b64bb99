#!/bin/bash
# All labs, with a table at the end: tests/lab/run.sh [EVENKEEL]. LABS="vrrp discuz" runs only those.
#
# Those with hosts that are network namespaces of this machine are Python, those that need the kernel's IPVS run in a
# QEMU guest, one boot for all. vrrp measures and so has the machine for itself; the others wait more than they work
# and run beside the guest.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
binary=${1:-build/release/evenkeel}
packaging/install-deps lab || { echo "lab: what the labs need cannot be installed, skipped"; exit 0; }
[[ -x $binary ]] || { echo "lab: there is no $binary" >&2; exit 1; }
results=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$results"' EXIT

wanted() { [[ -z ${LABS:-} || " $LABS " == *" $1 "* ]]; }

# 77: this machine cannot, and the lab has said why.
lab() { # lab NAME SECONDS COMMAND...
  local name=$1 limit=$2 began=$SECONDS status word=pass
  shift 2
  wanted "$name" || return 0
  timeout --kill-after=30 "$limit" "$@" </dev/null 2>&1 | tee "$results/$name.out"
  status=${PIPESTATUS[0]}
  ((status == 0)) || word=FAIL
  ((status != 77)) || word=skip
  ((status != 124 && status != 137)) || echo "not at its end within $limit s" >>"$results/$name.out"
  printf '%s\t%s\t%s\n' "$name" "$word" "$((SECONDS - began))" >>"$results/table"
}

beside_the_guest() {
  lab roles 120 python3 tests/lab/vrrp.py "$binary" roles
  lab ha-docs 60 python3 tests/lab/ha_docs.py "$binary"
  lab haproxy 120 python3 tests/lab/haproxy.py "$binary"
  lab discuz 300 python3 tests/lab/discuz.py "$binary"
}

: >"$results/table"
lab vrrp 220 python3 tests/lab/vrrp.py "$binary"
beside_the_guest >"$results/beside" &
lab lvs 920 tests/lab/qemu/run -t 900 -b "$binary" tests/lab/lvs/*.lab
wait
cat "$results/beside"

reason() { # of a skip or a failure: the last thing that was said
  [[ $2 == pass ]] || tail -n 1 "$results/$1.out" | cut -c1-90
}
echo
printf '%-10s %-6s %8s  %s\n' lab result seconds ""
while IFS=$'\t' read -r name word seconds; do
  printf '%-10s %-6s %8s  %s\n' "$name" "$word" "$seconds" "$(reason "$name" "$word")"
done <"$results/table"
! grep -q $'\tFAIL\t' "$results/table"
