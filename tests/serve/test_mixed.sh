# SPDX-License-Identifier: Apache-2.0
# Everything at once for some seconds (mixed.py), above all for the sanitizers: each request is answered and accounted for once.
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

make_models
OCKHAM=$ockham SCRATCH=$scratch "$python" "$serving/mixed.py" "${@:2}" || complain 'a mixed load'
finish
