# SPDX-License-Identifier: Apache-2.0
# Drift noticed by a running server, and told (drift.py).
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

SCRATCH=$scratch "$python" "$serving/drift.py" make || complain 'the rows could not be made'
succeeds fit people.csv -k 2 --scale none --model people.ock --quiet
succeeds fit moved.csv -k 2 --scale none --model moved.ock --quiet
succeeds profile work.csv --output y --model work.ock
OCKHAM=$ockham SCRATCH=$scratch "$python" "$serving/drift.py" "${@:2}" || complain 'drift'
finish
