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

succeeds fit people.csv -k 3 --ignore group --model people.model

# A file that is read is not written, nor one twice, however it is called.
mkdir apart
cp people.csv 'a b.csv'
cp people.csv table.db
ln 'a b.csv' apart/linked
ln -s '../a b.csv' apart/also
echo kept >apart/there
lost='would overwrite a file that is read'
for option in --labels --centroids --model; do
  for name in 'a b.csv' './a b.csv' "$scratch/a b.csv" apart/also apart/linked; do
    fails 2 "$option $lost" clusters 'a b.csv' --ignore group $option "$name"
    fails 2 "$option $lost" fit 'a b.csv' -k 3 --ignore group $option "$name"
  done
done
fails 2 "--labels $lost" clusters apart/also --labels 'a b.csv'
fails 2 "--labels $lost" clusters table.db:table --labels table.db
for option in --labels --model --probabilities; do
  fails 2 "$option $lost" mixture 'a b.csv' -k 3 --ignore group $option 'a b.csv'
done
fails 2 "--output $lost" predict people.model 'a b.csv' --output 'a b.csv'
fails 2 "--probabilities $lost" predict people.model 'a b.csv' --probabilities people.model
same 'the input' "$(cat people.csv)" "$(cat 'a b.csv')"
alike='name the same file'
for name in new there; do
  one=apart/$name other=./apart/../apart/$name
  fails 2 "--labels and --model $alike" clusters people.csv --labels $one --model $other
  fails 2 "--labels and --centroids $alike" clusters people.csv --labels $other --centroids $one
  fails 2 "--model and --labels $alike" fit people.csv -k 3 --labels $one --model $one
  fails 2 "--labels and --probabilities $alike" mixture people.csv -k 3 --labels $one --probabilities $other
  fails 2 "--output and --probabilities $alike" predict people.model people.csv --output $one --probabilities $other
done
same 'nothing is written' 'also linked there kept' "$(ls -A apart | paste -sd ' ') $(cat apart/there)"
succeeds clusters people.csv --ignore group --labels /dev/null --centroids /dev/null
succeeds clusters - --ignore group --labels - --centroids - <people.csv
succeeds clusters people.csv --ignore group --labels apart/new --model new
succeeds generate blobs --output blobs
succeeds generate blobs --output blobs

# Data that turn out bad after the file was opened leave the old file as it is. The cut comes late, past the first block.
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
