# SPDX-License-Identifier: Apache-2.0
# `ockham generate blobs` and `ockham criteria`.
set -u
. "$(dirname "$0")/lib.sh"

rows() { sed 1d "$1" | wc -l; }
# Rows of each label, as "100 100 100".
sizes() { sed 1d "$1" | awk -F, '{ n[$NF]++ } END { for (l = 1; l in n; l++) print n[l] }' | paste -sd ' '; }

succeeds generate blobs
same 'header' 'x1,x2,label' "$(head -1 out)"
same 'defaults' '100 100 100' "$(sizes out)"
cp out default.csv

# The seed decides every byte.
succeeds generate blobs --seed 0
cmp -s out default.csv || complain '--seed 0 is not the default'
succeeds generate blobs --seed 1
cmp -s out default.csv && complain 'another seed gives the same bytes'
cp out one.csv
succeeds generate blobs --seed 1 --output file.csv
same 'nothing printed' '' "$(cat out)"
cmp -s file.csv one.csv || complain 'a file has other bytes than standard output'
OCKHAM_ISA=reference succeeds generate blobs --seed 1
cmp -s out one.csv || complain 'another instruction set gives other bytes'

# Its options.
succeeds generate blobs -k 5 --columns 4 --rows 20
same 'k, columns, rows' 'x1,x2,x3,x4,label 20 20 20 20 20' "$(head -1 out) $(sizes out)"
succeeds generate blobs -k 4 --rows 10 --rows-max 40
same 'even sizes' '10 20 30 40' "$(sizes out)"
succeeds generate blobs -k 30 --rows 10 --rows-max 40 --random-sizes --seed 3
sizes out | tr ' ' '\n' | awk '$1 < 10 || $1 > 40 { exit 1 }' || complain "random sizes: $(sizes out)"
[ "$(sizes out | tr ' ' '\n' | sort -un | wc -l)" -gt 5 ] || complain "sizes are not random: $(sizes out)"
succeeds generate blobs --low 1000 --high 1001 --sd 0.001
sed 1d out | awk -F, '$1 < 999.9 || $1 > 1001.1 { exit 1 }' || complain 'centres lie outside the box'
succeeds generate blobs -k 6 --low -10 --high 10 --min-distance 4 --sd 0.01 --rows 10
cp out apart.csv
same 'told apart' '6 [10, 10, 10, 10, 10, 10]' "$(answer apart.csv --label-column label)"
run generate blobs -k 50 --min-distance 1
same 'too many for the box' 2 "$code"
same 'one line' 1 "$(wc -l <err)"
succeeds generate blobs --output blobs.npy --rows 2
same 'NPY' "$((128 + 6 * 2 * 8))" "$(stat -c %s blobs.npy)"

# Every criterion with how it is read, its formula and its source.
succeeds criteria
expect criteria
for criterion in $(grep -E '^[a-z0-9-]+$' out); do
  succeeds clusters apart.csv --label-column label --criterion $criterion --k-min 2
done

finish
