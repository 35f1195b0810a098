# SPDX-License-Identifier: Apache-2.0
# Models loaded, unloaded, switched and let go while clients go on asking (reload.py): not one request fails of it.
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

make_models
make_other_model
OCKHAM=$ockham SCRATCH=$scratch "$python" "$serving/reload.py" "${@:2}" || complain 'a model that changes'
finish
