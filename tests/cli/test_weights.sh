# SPDX-License-Identifier: Apache-2.0
# Rows that stand for several each.
set -u
. "$(dirname "$0")/lib.sh"

awk -F, -v OFS=, 'NR == 1 { print $0, "times"; next } { print $0, NR * 7 % 5 }' "$data/three.csv" >people.csv
awk -F, -v OFS=, 'NR == 1 { print $1, $2, $3; next } { for (i = 0; i < $4; i++) print $1, $2, $3 }' people.csv >repeated.csv

# What people read.
succeeds clusters people.csv --weights times --label-column group --k-max 3 --labels labels.csv --centroids centroids.csv
expect clusters-weights
same 'labels, with those of weight 0' 37 "$(wc -l <labels.csv)"
same 'the head of centroids' 'cluster,rows,weight,height,weight' "$(head -n 1 centroids.csv)"
succeeds fit people.csv --weights 4 --ignore group -k 3 --model m.model --centroids fitted.csv
expect fit-weights
same 'sizes and weights of fit' "$(cut -d, -f1-3 centroids.csv)" "$(cut -d, -f1-3 fitted.csv)"
succeeds show m.model
contains out 'rows       weight'
succeeds predict m.model people.csv # passes over the column of weights
cut -d, -f1,2 out | cmp -s - labels.csv || complain 'predict has other labels than clusters'

# The same answer as that of the repeated rows.
curve() { # arguments ...
  succeeds clusters --json --quiet --k-max 3 --ignore group "$@"
  grep -oE '"(bic|aic|calinski-harabasz|davies-bouldin|simplified-silhouette)": [-0-9.e]+' out | sed -E 's/(\.[0-9]{6})[0-9]*/\1/'
}
for scale in none standard robust; do
  same "--scale $scale" "$(curve repeated.csv --scale $scale)" "$(curve people.csv --weights times --scale $scale)"
done
contains out '"total_weight": '
contains out '"weights": ['

# Other formats take the column likewise.
if command -v python3 >/dev/null; then
  succeeds clusters people.csv --columns height --weights weight --json --k-max 4
  grep -o '"curve": .*' out >curve
  cp "$data/three.csv" people.csv
  python3 "$here/make_files.py" || exit 1
  for table in 'c.npy --columns 1 --weights 2' 'fortran.npy --weights 2' 'people.h5:/a/people --weights 2' \
    'people.db:people --columns height --weights weight'; do
    [ "${table#people.h5}" = "$table" ] || [ -f people.h5 ] || continue
    succeeds clusters $table --json --k-max 4
    grep -o '"curve": .*' out | cmp -s curve - || complain "$table: not the curve of people.csv"
  done
fi

# Refusals, and a note.
printf 'a,w\n1,1\n2,-1\n3,1\n' >bad.csv
fails 1 "bad.csv: row 2, column 2 'w': a weight must be 0 or a number from 1e-100 to 1e+100, found -1" clusters bad.csv --weights w
printf 'a,w\n1,0\n2,0\n' >bad.csv
fails 1 "bad.csv: all weights are 0, expected a row that counts" fit bad.csv -k 1 --weights w
fails 2 "bad.csv: no column 'v'; it has 'a', 'w'" clusters bad.csv --weights v
printf 'a,w\n1,0.5\n2,0.25\n5,0.125\n9,0\n' >few.csv
run clusters few.csv --weights w
same 'few.csv' 0 "$code"
contains err 'note: the weights add up to 0.875, which criteria take for the number of rows, but there are 3'
succeeds clusters few.csv --weights w --quiet

finish
