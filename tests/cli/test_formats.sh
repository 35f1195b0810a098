# SPDX-License-Identifier: Apache-2.0
# The same table in every format gives the same answer.
set -u
command -v python3 >/dev/null || exit 77
. "$(dirname "$0")/lib.sh"

cp "$data/three.csv" people.csv
python3 "$here/make_files.py" || exit 1
succeeds clusters people.csv --ignore group --json
contains out '"sizes": [14, 12, 10]'
grep -o '"curve": .*' out >curve

same_curve() { # arguments ...
  succeeds clusters --json "$@"
  grep -o '"curve": .*' out | cmp -s curve - || complain "$*: not the curve of people.csv"
}

# Text.
tr , '\t' <people.csv >people.tsv
tr , ';' <people.csv >semicolon.csv
tr , '|' <people.csv >bar.csv
tr , ' ' <people.csv >blank.txt
sed 's/$/\r/' people.csv >crlf.csv
{ printf '\357\273\277'; cat people.csv; } >bom.csv
head -c -1 people.csv >no_newline.csv
sed 's/[^,]*/"&"/g' people.csv >quoted.csv
{ echo '# made by hand'; cat people.csv; echo; } >comment.csv
for file in people.tsv semicolon.csv bar.csv blank.txt crlf.csv bom.csv no_newline.csv quoted.csv comment.csv; do
  same_curve $file --ignore group
done
same_curve semicolon.csv --delimiter ';' --ignore group
same_curve people.tsv --delimiter tab --ignore group
same_curve people.tsv --delimiter '\t' --ignore group
same_curve people.csv --header yes --ignore group
sed 1d people.csv >no_header.csv
same_curve no_header.csv --ignore 3
same_curve no_header.csv --ignore x3 --header no

# Standard input, compressed too.
gzip -kn people.csv || exit 77
same_curve people.csv.gz --ignore group
mv people.csv.gz unnamed
same_curve unnamed --ignore group
same_curve - --ignore group <people.csv
same_curve - --ignore group <unnamed
cat people.csv | same_curve - --columns height,weight
head -c 100 unnamed >cut.csv.gz
run clusters cut.csv.gz --ignore group
same 'a cut .gz' 1 "$code"

# NPY; float32 gives the same answer, not the same digits.
for file in c.npy fortran.npy big.npy; do same_curve $file; done
same 'float32' '3 [14, 12, 10]' "$(answer single.npy)"
head -c 300 c.npy >cut.npy
run clusters cut.npy
same 'a cut NPY' 1 "$code"

# SQLite.
same_curve people.db:people --ignore grp
same_curve people.db --query 'select height, weight from people order by rowid'
run clusters people.db
same 'two tables and no choice' 1 "$((code == 1 || code == 2))"
contains err 'people'
run clusters people.db:nosuch
same 'no such table' 1 "$((code == 1 || code == 2))"
contains err 'nosuch'

# HDF5, where Python can write it.
if [ -f people.h5 ]; then
  same_curve people.h5:/a/people
  same_curve single.h5
  run clusters people.h5:/nosuch
  contains err 'nosuch'
fi

finish
