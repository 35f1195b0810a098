# SPDX-License-Identifier: Apache-2.0
# Who may do what, and what is never kept (safety.py).
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

make_models
OCKHAM=$ockham SCRATCH=$scratch "$python" "$serving/safety.py" "${@:2}" || complain 'safety'
finish
