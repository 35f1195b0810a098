# SPDX-License-Identifier: Apache-2.0
# Models loaded, unloaded, switched and let go while clients go on asking (reload.py): not one request fails of it.
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

make_models
cp "$data/three.csv" other.csv
succeeds fit other.csv -k 2 --ignore group --scale none --model other.ock --centroids other_centroids.csv --quiet
OCKHAM=$ockham SCRATCH=$scratch "$python" "$serving/reload.py" "${@:2}" || complain 'a model that changes'
finish
