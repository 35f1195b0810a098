# SPDX-License-Identifier: Apache-2.0
# Malformed, ambiguous and hostile requests (hostile.py) against a running server with short limits; the recording is whole.
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../serve/serving.sh"

make_models
ulimit -n "$(ulimit -H -n)"
start_server <<END
body: 4M
request_timeout: 2s
idle_timeout: 4s
models:
- {name: people, file: people.ock}
- {name: echo, command: ["$python", "$serving/echo.py"]}
END
connections=10000
watched=(--pid "$server")
is_sanitized && connections=1000 watched=() # its memory is not that of the server
"$python" "$serving/hostile.py" "$url" --centroids centroids.csv --worker echo "${watched[@]}" --body-bytes $((4 << 20)) \
  --request-seconds 2 --idle-seconds 4 --connections $connections --quiet || complain 'hostile requests'
stop_server
finish
