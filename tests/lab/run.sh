#!/bin/bash
# All labs: tests/lab/run.sh [EVENKEEL]. That of VRRP runs in network namespaces of this machine; those of the
# kernel's IPVS run in a QEMU guest, one boot for all.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
binary=${1:-build/release/evenkeel}
packaging/install-deps lab || { echo "lab: what the labs need cannot be installed, skipped"; exit 0; }
failed=0

# 77: this machine cannot, and the lab has said why.
lab() {
  "$@"
  local status=$?
  ((status == 0 || status == 77)) || failed=1
}

lab timeout --kill-after=20 170 python3 tests/lab/vrrp.py "$binary"
lab timeout 460 tests/lab/qemu/run -t 440 -b "$binary" tests/lab/lvs/*.lab
exit "$failed"
