# SPDX-License-Identifier: Apache-2.0
# `ockham clusters` on a small table: the text that people read.
set -u
. "$(dirname "$0")/lib.sh"

cp "$data/three.csv" people.csv

# Few k, where every clustering is the best there is and no better search changes what is expected.
succeeds clusters people.csv --label-column group --k-max 3
expect clusters
succeeds clusters people.csv --ignore group --table --k-max 3
expect clusters-table
LC_ALL=C succeeds clusters people.csv --ignore group --table --k-max 3
expect clusters-ascii
LC_ALL=C grep -q '[^ -~]' masked && complain 'LANG=C output has characters outside ASCII'
LC_ALL=POSIX succeeds clusters people.csv --ignore group --table --k-max 3
expect clusters-ascii

# One criterion after another decides.
for criterion in aic bic-goxmeans silhouette simplified-silhouette calinski-harabasz davies-bouldin; do
  succeeds clusters people.csv --columns height,weight --criterion $criterion --k-min 2 --k-max 3
  expect clusters-by-$criterion
done
for criterion in gap prediction-strength bootstrap-instability; do
  succeeds clusters people.csv --columns height,weight --criterion $criterion --k-max 4
  expect clusters-by-$criterion
done
succeeds clusters people.csv --columns height --criterion elbow # one column: no search
expect clusters-by-elbow
succeeds clusters people.csv --ignore group --criterion elbow --k-max 2
expect clusters-undecided

# Scaling: asked for, chosen, refused.
awk -F, -v OFS=, 'NR > 1 { $2 *= 1000 } { print $1, $2 }' people.csv >grams.csv
succeeds clusters grams.csv --k-max 3
expect clusters-scaled
for scale in none standard robust; do
  succeeds clusters grams.csv --scale $scale --k-max 3
  expect clusters-$scale
done

# Columns by number and by name, in any order, once or in several options.
succeeds clusters people.csv --columns 1,2
mask_seconds <out >by_number
for columns in 'height,weight' 'height --columns weight' 'height --columns=2'; do
  succeeds clusters people.csv --columns $columns
  mask_seconds <out | diff by_number - >/dev/null || complain "--columns $columns is not --columns 1,2"
done
succeeds clusters people.csv --columns height --k-max 4
expect clusters-one-column
succeeds clusters --ignore 3 -- people.csv
mask_seconds <out | diff by_number - >/dev/null || complain '--ignore 3 is not --columns 1,2'

# The search itself.
succeeds clusters people.csv --ignore group --k-min 3 --k-max 3
expect clusters-fixed
same 'the default range' '3 [14, 12, 10]' "$(answer people.csv --ignore group)"
same 'a seed' '3 [14, 12, 10]' "$(answer people.csv --ignore group --seed 7)"
same 'restarts' '3 [14, 12, 10]' "$(answer people.csv --ignore group --restarts 5)"
same 'one thread' '3 [14, 12, 10]' "$(answer people.csv --ignore group --threads 1)"
same 'exact' '3 [14, 12, 10]' "$(answer people.csv --ignore group --exact)"

# A column of answers among the data is pointed at, unless --quiet.
sed 's/,group$/,label/; s/,low$/,1/; s/,mid$/,2/; s/,high$/,3/' people.csv >numbered.csv
run clusters numbered.csv
same 'note' "ockham: note: column 'label' is used as data; if it holds known answers, say --label-column label" \
  "$(cat err)"
succeeds clusters numbered.csv --quiet
succeeds clusters numbered.csv --label-column label

# Running numbers.
awk -F, -v OFS=, '{ print (NR == 1 ? "\"order\033id\"" : NR + 998), $1, $2 }' people.csv >orders.csv
run clusters orders.csv
same 'note' "ockham: note: column 'order?id' only numbers the rows and is used as data; --ignore leaves it out" "$(cat err)"
succeeds clusters orders.csv --quiet
succeeds clusters orders.csv --ignore 1

# Tables at the edge of having clusters.
printf 'a,b\n1,2\n' >one_row.csv
succeeds clusters one_row.csv
expect clusters-one-row
printf 'a,b\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n' >duplicates.csv
succeeds clusters duplicates.csv
expect clusters-duplicates
awk 'BEGIN { print "a,b"; for (i = 0; i < 20; i++) print i < 12 ? "1,2" : "5,6" }' >two_values.csv
succeeds clusters two_values.csv
expect clusters-two-values
awk -F, -v OFS=, '{ print (NR == 1 ? "always" : 7), $1, $2 }' people.csv >constant.csv
same 'a constant column changes nothing' '3 [14, 12, 10]' "$(answer constant.csv)"

# However distances are computed and searched, clusters are the same.
succeeds clusters people.csv --label-column group
mask_seconds <out >usual
for how in '--algorithm lloyd' '--algorithm bounds' '--precision double' '--algorithm=lloyd --precision=double'; do
  succeeds clusters people.csv --label-column group $how
  mask_seconds <out >other
  diff <(head -n 1 usual) <(head -n 1 other) || complain "$how: another answer"
  [[ $how == *double* ]] || diff usual other || complain "$how: something else" # in doubles other k may end elsewhere
  succeeds fit people.csv -k 3 --label-column group --quiet --labels other.csv $how
  [ ! -e labels.csv ] || cmp labels.csv other.csv || complain "fit $how: other labels"
  mv other.csv labels.csv
done
fails 2 "--algorithm must be one of auto, lloyd, bounds, found 'elkan'" clusters people.csv --algorithm elkan

finish
