# SPDX-License-Identifier: Apache-2.0
# fit, then predict and show: a model labels its own rows as fit did, finds columns by name, and is refused when damaged.
set -u
. "$(dirname "$0")/lib.sh"

cp "$data/three.csv" people.csv

succeeds fit people.csv -k 3 --label-column group --model people.model --labels labels.csv --centroids centroids.csv \
  --seed 5 --restarts 2 --max-iterations 50 --threads 2
same 'fit' '3 clusters of 36 rows, inertia 476.96869, converged after 2 steps
against the 3 known labels: adjusted Rand 1.000, adjusted mutual information 1.000' "$(cat out)"
same 'labels' 'row,cluster' "$(head -1 labels.csv)"
same 'a row each' 36 "$(sed 1d labels.csv | wc -l)"

# Sizes and means by awk, from the known groups, which the clusters are.
awk -F, -v OFS=, 'NR > 1 { n[$3]++; h[$3] += $1; w[$3] += $2 }
  END { for (g in n) printf "%d,%.9f,%.9f\n", n[g], h[g] / n[g], w[g] / n[g] }' people.csv | sort -rn >means
sed 1d centroids.csv | awk -F, '{ printf "%d,%.9f,%.9f\n", $2, $3, $4 }' | diff means - || complain 'centroids'
same 'header of the centroids' 'cluster,rows,height,weight' "$(head -1 centroids.csv)"

succeeds show people.model
expect show

# The rows it was fitted on get the labels of fit.
succeeds predict people.model people.csv
cp out predicted.csv
cut -d, -f1,2 predicted.csv | diff labels.csv - || complain 'predict differs from the labels of fit'
same 'distances add up to the inertia' 476.96869 "$(awk -F, '{ sum += $3 } END { printf "%.5f", sum }' predicted.csv)"

# Columns are found by name, others are passed over.
awk -F, -v OFS=, '{ print $3, $2, (NR == 1 ? "age" : 30), $1 }' people.csv >mixed.csv
succeeds predict people.model mixed.csv --threads 1
cmp -s out predicted.csv || complain 'columns in another order give other labels'
awk -F, -v OFS=, '{ print $1, $3 }' people.csv >lacking.csv
run predict people.model lacking.csv
same 'a lacking column' 2 "$code"
contains err "no column 'weight'"

# A scaled model works in the data's own units.
awk -F, -v OFS=, 'NR > 1 { $2 *= 1000 } { print }' people.csv >grams.csv
succeeds fit grams.csv -k 3 --ignore group --model grams.model --quiet
same 'quiet, but not about the result' '3 clusters of 36 rows, inertia 2.45755165, converged after 2 steps' \
  "$(head -n 1 out)"
awk -F, -v OFS=, '{ print (NR == 1 ? "id" : NR - 1), $0 }' people.csv >numbered.csv
run fit numbered.csv -k 3 --ignore group
contains err "note: column 'id' only numbers the rows"
succeeds fit numbered.csv -k 3 --ignore group --quiet
contains out '3 clusters of 36 rows'
succeeds predict grams.model grams.csv --quiet --output grams_predicted.csv
cut -d, -f1,2 grams_predicted.csv | diff labels.csv - || complain 'a scaled model labels otherwise'
succeeds show grams.model
expect show-scaled

# Names that are not ASCII are cut and lined up by characters.
sed '1s/.*/länge,überaus lange namen,group/' people.csv >names.csv
succeeds fit names.csv -k 1 --ignore group --model names.model
contains out '1 cluster of 36 rows'
succeeds show names.model
contains out 'cluster          rows        länge überaus lang'

# The model of `clusters` is one too.
succeeds clusters people.csv --ignore group --model chosen.model
succeeds predict chosen.model people.csv
cut -d, -f1,2 out | diff labels.csv - || complain 'the model of clusters labels otherwise'
succeeds show chosen.model
contains out 'k by: mixture'

# Missing cells in new rows.
sed '4s/^[^,]*/?/' people.csv >gap.csv
run predict people.model gap.csv --output gap_predicted.csv
same 'a missing cell' 1 "$code"
contains err "gap.csv:4: column 1 'height' is missing ('?'); --missing drop leaves out such rows"
[ -e gap_predicted.csv ] && complain 'a failed predict left a file'
succeeds predict people.model gap.csv --missing drop
same 'rows keep their numbers' '1 2 4 5' "$(cut -d, -f1 out | sed -n 2,5p | paste -sd ' ')"

# A row that is too far out is named by its number in the file.
{ head -n 3 people.csv; echo 1e200,60,b; } >far.csv
fails 1 'far.csv: row 3 is so far from every centroid that its squared distance overflows' predict people.model far.csv

# A file that is cut anywhere, or has any byte flipped, is refused.
size=$(stat -c %s people.model)
for ((i = 0; i < size; i += 13)); do
  head -c $i people.model >cut.model
  run show cut.model
  [ "$code" -eq 1 ] || complain "cut at $i: exit code $code"
  cp people.model flipped.model
  byte=$(od -An -tu1 -j $i -N1 people.model)
  printf "\\x$(printf %x $((byte ^ 16)))" | dd of=flipped.model bs=1 seek=$i conv=notrunc status=none
  run predict flipped.model people.csv
  [ "$code" -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] || complain "byte $i flipped: exit code $code"
done
fails 1 'people.csv: not a file of ockham: it does not start with the letters OCKHAM' show people.csv

# A file is read for predict as it was for fit.
"$ockham" generate blobs -k 2 --rows 6 >blobs.csv
cut -d, -f1,2 blobs.csv | sed 's/,/;/' | tail -n +2 >bare.csv
succeeds fit bare.csv -k 2 --header no --delimiter ';' --model bare.model --quiet
succeeds predict bare.model bare.csv --header no --delimiter ';'
same 'rows without a header' 13 "$(wc -l <out)"
fails 2 "bare.csv: a query needs an SQLite file" predict bare.model bare.csv --query 'SELECT 1'

finish
