# SPDX-License-Identifier: Apache-2.0
# What the tests of a running server share: source it after ../cli/lib.sh. Skips the test where Python is missing.
serving=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$scratch"' EXIT
python=${OCKHAM_TEST_PYTHON:-$(command -v python3)}
[ -n "$python" ] || { echo "skipped: there is no python3"; exit 77; }

# people.ock of two columns in their own units, with centroids.csv; and mix.ock, a mixture.
make_models() {
  cp "$data/three.csv" people.csv
  succeeds fit people.csv -k 3 --ignore group --scale none --model people.ock --centroids centroids.csv --quiet
  succeeds mixture people.csv -k 3 --ignore group --model mix.ock --quiet
}

# other.ock of the same rows, with other centroids: other_centroids.csv.
make_other_model() {
  succeeds fit people.csv -k 2 --ignore group --scale none --model other.ock --centroids other_centroids.csv --quiet
}

# Start it with ockham.yaml from standard input, on free ports; sets $server, $url and $admin once it is ready.
start_server() {
  { printf 'listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nfolder: %s/recording\n' "$scratch"; cat; } >ockham.yaml
  : >server.err
  "$ockham" serve ockham.yaml >server.out 2>server.err &
  server=$!
  local i
  for ((i = 0; i < 600; i++)); do
    grep -qE '^ready|did not start' server.err && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  url=$(sed -nE 's/^ockham serves at (http:[^ ,]+).*/\1/p' server.err)
  admin=$(sed -nE 's/.*console is at (http:[^ ,]+).*/\1/p' server.err)
  [ -n "$url" ] && grep -q '^ready' server.err || { echo "the server did not start: $(cat server.err)"; exit 1; }
}

# Ctrl-C: it ends by itself, with 0.
stop_server() {
  kill -INT "$server"
  wait "$server"
  same 'exit code of the server' 0 $?
  server=
}
