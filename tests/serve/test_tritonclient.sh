# SPDX-License-Identifier: Apache-2.0
# Triton's own client, unmodified, against a running server (client.py). Needs OCKHAM_TEST_PYTHON with tritonclient[http].
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

"$python" -c 'import tritonclient.http' 2>/dev/null ||
  { echo "skipped: $python has no tritonclient (OCKHAM_TEST_PYTHON; python/requirements-test.txt)"; exit 77; }
make_models
start_server <<END
models:
- {name: people, file: people.ock}
- {name: echo, command: ["$python", "$serving/echo.py"]}
END
"$python" "$serving/client.py" "$url" "$admin" centroids.csv || complain 'tritonclient'
stop_server
finish
