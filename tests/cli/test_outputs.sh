# SPDX-License-Identifier: Apache-2.0
# Files that the command writes: complete or untouched, and nothing left beside them.
set -u
. "$(dirname "$0")/lib.sh"

cp "$data/three.csv" people.csv

# All of them at once.
mkdir good
succeeds clusters people.csv --ignore group --labels good/labels.csv --centroids good/centroids.csv --model good/model
same 'what is there' 'centroids.csv labels.csv model' "$(ls -A good | paste -sd ' ')"
umask 027
succeeds clusters people.csv --ignore group --labels good/labels.csv
same 'permissions' 640 "$(stat -c %a good/labels.csv)"
same 'sizes from the labels' '14 12 10' "$(cut -d, -f2 good/labels.csv | sed 1d | sort | uniq -c | awk '{ print $1 }' |
  paste -sd ' ')"
succeeds clusters people.csv --ignore group --labels -
contains out 'row,cluster'
succeeds clusters people.csv --ignore group --labels good/labels.npy
same 'NPY' NUMPY "$(head -c 6 good/labels.npy | tail -c 5)"

# A row that is left out leaves a gap in the numbers.
sed '3s/^[^,]*//; 5s/,[^,]*,/,NA,/' people.csv >gaps.csv
succeeds clusters gaps.csv --ignore group --missing drop --labels dropped.csv
contains out '2 rows with missing values left out'
same 'row numbers' '1 3 5 6' "$(sed 1d dropped.csv | head -4 | cut -d, -f1 | paste -sd ' ')"
same 'rows' 34 "$(sed 1d dropped.csv | wc -l)"
succeeds clusters gaps.csv --ignore group --missing mean --labels filled.csv
contains out "2 missing cells filled with the column's mean"
same 'all rows' 36 "$(sed 1d filled.csv | wc -l)"

# A folder that is not there.
for option in --labels --centroids --model; do
  run clusters people.csv --ignore group $option nowhere/file
  same "$option nowhere" 3 "$code"
  same "$option message" 'ockham: nowhere/file: cannot write beside it: No such file or directory' "$(cat err)"
done

# Data that turn out bad after the file was opened leave the old file as it is. The cut comes late, past the first block.
succeeds fit people.csv -k 3 --ignore group --model people.model
{ sed 1q people.csv; for ((i = 0; i < 300; i++)); do sed 1d people.csv; done; echo '1,x,low'; } >late.csv
mkdir kept
echo old >kept/labels.csv
run predict people.model late.csv --output kept/labels.csv
same 'late error' 1 "$code"
contains err "column 2 'weight' holds text ('x')"
same 'the old file' old "$(cat kept/labels.csv)"
same 'nothing beside it' labels.csv "$(ls -A kept)"

# A disk that fills up (a limit on the size of files stands in for it), also behind standard output.
(
  trap '' XFSZ
  ulimit -f 8
  "$ockham" predict people.model "$scratch/people.csv" --output kept/small.csv || exit 9
  "$ockham" generate blobs --rows 5000 --output kept/labels.csv 2>"$scratch/err"
) && complain 'a full disk is no failure'
contains err 'ockham: kept/labels.csv: '
same 'the old file' old "$(cat kept/labels.csv)"
same 'nothing beside it' 'labels.csv small.csv' "$(ls -A kept | paste -sd ' ')"
if [ -w /dev/full ]; then
  for command in 'clusters people.csv --ignore group' 'clusters people.csv --ignore group --json' criteria --help \
    'fit people.csv --ignore group -k 3' 'show people.model' 'predict people.model people.csv' 'generate blobs'; do
    "$ockham" $command >/dev/full 2>err
    same "$command into a full disk" 3 $?
    contains err 'ockham: standard output: '
    same "$command in one line" 1 "$(wc -l <err)"
  done
fi

# A folder that must not be written to (root may, so only for others).
if [ "$(id -u)" -ne 0 ]; then
  chmod 555 kept
  run clusters people.csv --ignore group --labels kept/labels.csv
  chmod 755 kept
  same 'unwritable folder' 3 "$code"
  same 'the old file' old "$(cat kept/labels.csv)"
fi

finish
