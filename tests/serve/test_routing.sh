# SPDX-License-Identifier: Apache-2.0
# Which version a request goes to, by weights, keys and names; and shadows, which no client notices (routing.py).
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

make_models
make_other_model
sed '1s/[a-z]*,/other,/' people.csv >renamed.csv
succeeds fit renamed.csv -k 3 --ignore group --scale none --model renamed.ock --quiet
OCKHAM=$ockham SCRATCH=$scratch "$python" "$serving/routing.py" "${@:2}" || complain 'the way of a request'
finish
