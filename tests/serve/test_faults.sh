# SPDX-License-Identifier: Apache-2.0
# What dies, hangs, floods, fills up or leaves (faults.py): it is told and mended, and nobody else notices.
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

trap 'for full in "$scratch"/*/full; do umount "$full" 2>/dev/null; done; rm -rf "$scratch"' EXIT
make_models
sanitized=
is_sanitized && sanitized=1
OCKHAM=$ockham SCRATCH=$scratch SANITIZED=$sanitized "$python" "$serving/faults.py" "${@:2}" || complain 'a fault'
finish
