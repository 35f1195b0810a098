# SPDX-License-Identifier: Apache-2.0
# Every rule of the protocol, asked of a running server (conformance.py); and docs/protocol.md tells the same rules.
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

"$python" "$serving/conformance.py" --check "$serving/../../docs/protocol.md" || complain 'docs/protocol.md'
make_models
start_server <<END
models:
- {name: people, file: people.ock}
- {name: mix, file: mix.ock}
- {name: echo, command: ["$python", "$serving/echo.py"]}
END
"$python" "$serving/conformance.py" "$url" --admin "$admin" --centroids centroids.csv --mixture mix --echo echo --complete --quiet ||
  complain 'conformance'
stop_server
finish
