# SPDX-License-Identifier: Apache-2.0
# What a recording tells of a server's requests, asked again of others (debugging.py).
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

make_models
cp "$data/three.csv" other.csv
succeeds fit other.csv -k 2 --ignore group --scale none --model other.ock --centroids other_centroids.csv --quiet
OCKHAM=$ockham SCRATCH=$scratch "$python" "$serving/debugging.py" "${@:2}" || complain 'debugging'
finish
