# SPDX-License-Identifier: Apache-2.0
# What the command says about files it cannot use, and the exit code 1 that goes with it.
set -u
. "$(dirname "$0")/lib.sh"

# A file, its text and the message of `ockham clusters` without the file's name.
refuses() { # file, text (printf), message
  printf "$2" >"$1"
  fails 1 "$1$3" clusters "$1"
}

fails 1 'nosuch.csv: cannot be opened: No such file or directory' clusters nosuch.csv
mkdir folder
fails 1 'folder: is a directory, expected a file' clusters folder
refuses empty.csv '' ': no rows of numbers: the file is empty'
refuses blank.csv '\n\n' ': no rows of numbers'
refuses header.csv 'a,b\n' ': no rows of numbers'
refuses short.csv 'a,b\n1,2\n3\n' ':3: expected 2 cells, found 1'
refuses long.csv 'a,b\n1,2\n3,4,5\n' ':3: expected 2 cells, found 3'
refuses text.csv 'a,b\n1,2\n3,x\n5,6\n' ":3: column 2 'b' holds text ('x'), expected a number"
refuses column.csv 'a,kind\n1,red\n3,blue\n' ":2: column 2 'kind' holds text ('red'), expected numbers; leave it out \
with --ignore kind, or take it as the known labels with --label-column kind"
refuses nan.csv 'a,b\n1,2\n3,NaN\n' ":3: column 2 'b' is missing ('NaN'); --missing drop leaves out such rows, \
--missing mean fills them in"
refuses gap.csv 'a,b\n1,2\n3,\n' ":3: column 2 'b' is empty; --missing drop leaves out such rows, --missing mean fills \
them in"
refuses infinite.csv 'a,b\n1,2\n3,-inf\n' ":3: column 2 'b' holds '-inf', which is not finite"
refuses huge.csv 'a,b\n1,2\n3,1e999\n' ":3: column 2 'b' holds '1e999', which is not finite"
fails 1 "infinite.csv:3: column 2 'b' holds '-inf', which is not finite" clusters infinite.csv --missing mean
fails 1 'nosuch.h5:/x: cannot be opened: No such file or directory' clusters nosuch.h5:/x

# No escape sequence of a file reaches the terminal.
printf 'a,b\n1,2\n3,\033[31mred\n' >escape.csv
run clusters escape.csv
LC_ALL=C grep -q $'\033' err && complain 'a message holds an escape character'

# Every row may be missing.
printf 'a,b\n1,\n,2\n' >gaps.csv
run clusters gaps.csv --missing drop
same 'nothing left' 1 "$code"
same 'one line' 1 "$(wc -l <err)"

# What shows only once all is read.
printf '1,2\n1,2\n1,2\n' >alike.csv
fails 1 'alike.csv: the data have 1 distinct row, too few for 2 clusters' clusters alike.csv --k-min 2
printf '1e-200,0\n2e-200,0\n4e-200,0\n' >tiny.csv
fails 1 'tiny.csv: the rows differ so little that the squares of differences are 0; scale them' clusters tiny.csv
printf '1e200,0\n2e200,0\n4e200,0\n' >huge.csv
fails 1 'huge.csv: column 1 holds values of 4e+200, whose squares overflow; scale it (the limit is 1e+150)' clusters huge.csv
succeeds clusters tiny.csv --scale standard
succeeds clusters huge.csv --scale standard

# The other commands say the same.
fails 1 'nosuch.csv: cannot be opened: No such file or directory' fit nosuch.csv -k 2
fails 1 'nosuch.model: cannot be opened: No such file or directory' predict nosuch.model text.csv
fails 1 'nosuch.model: cannot be opened: No such file or directory' show nosuch.model

finish
