# SPDX-License-Identifier: Apache-2.0
# Too little memory, Ctrl-C, and very wide tables.
set -u
. "$(dirname "$0")/lib.sh"

# Ctrl-C in a search that would take minutes: what there is so far is the answer.
succeeds generate blobs -k 5 --rows 100 --low -20 --high 20 --min-distance 8 --sd 1 --output blobs.csv
stop_with_answer() { # arguments ...
  stop_once '[ -s out ]' "$@"
}
stop_with_answer "$ockham" clusters blobs.csv --label-column label --restarts 1000000
same 'Ctrl-C' 130 "$code"
contains out '5 clusters (partial: stopped early)'
stop_with_answer "$ockham" clusters blobs.csv --label-column label --restarts 1000000 --json
same 'Ctrl-C with --json' 130 "$code"
contains out '"partial": true'
yes 1,2 2>/dev/null | interrupt 0.3 "$ockham" clusters -
same 'Ctrl-C while reading' 130 "${PIPESTATUS[1]}"
same 'no answer' '' "$(cat out)"

# 10,000 columns.
awk 'BEGIN { for (i = 0; i < 12; i++) { for (j = 0; j < 10000; j++)
  printf "%s%d", j ? "," : "", (i % 3) * 50 + (i * 7919 + j * 104729 + i * j) % 17; print "" } }' >wide.csv
same '10,000 columns' '3 [4, 4, 4]' "$(answer wide.csv)"
succeeds clusters wide.csv --columns x1,x10000 --k-max 4
contains out '12 rows × 2 columns'

# Memory: a limit that the program fits in and the table does not. (Sanitizers need more than any limit.)
is_sanitized && finish
limited() { # arguments ...
  (ulimit -v 60000 && exec "$ockham" "$@" --threads 1 --k-max 3) >out 2>err
  code=$?
}
succeeds generate blobs --rows 200000 --columns 8 --output long.npy
cp "$data/three.csv" people.csv
limited clusters people.csv --ignore group
[ "$code" -eq 0 ] || finish # the libraries alone need more here
limited clusters long.npy
same 'too little memory' 3 "$code"
same 'one line' 1 "$(wc -l <err)"
contains err 'memory'
same 'no answer' '' "$(cat out)"

finish
