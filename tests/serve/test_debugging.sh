# SPDX-License-Identifier: Apache-2.0
# What a recording tells of a server's requests, asked again of others (debugging.py).
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

make_models
make_other_model
OCKHAM=$ockham SCRATCH=$scratch "$python" "$serving/debugging.py" "${@:2}" || complain 'debugging'
finish
