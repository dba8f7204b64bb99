#!/bin/bash
# All labs: tests/lab/run.sh [EVENKEEL]. Those of the kernel's IPVS run in a QEMU guest, one boot for all.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
binary=${1:-build/release/evenkeel}
packaging/install-deps lab || { echo "lab: what the labs need cannot be installed, skipped"; exit 0; }
timeout 460 tests/lab/qemu/run -t 440 -b "$binary" tests/lab/lvs/*.lab
status=$?
# 77: this machine cannot run the guest, and the guest's script has said why.
((status == 77)) && exit 0
exit "$status"
