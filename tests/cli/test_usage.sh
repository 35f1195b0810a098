# SPDX-License-Identifier: Apache-2.0
# What the command says about command lines it cannot follow: exit code 2. And its help.
set -u
. "$(dirname "$0")/lib.sh"

cp "$data/three.csv" people.csv
see='`ockham clusters --help` lists them'
clusters=(clusters people.csv --ignore group)

# Options that are not there, with what was probably meant.
fails 2 "clusters has no option --kmax: is it --k-max; $see" "${clusters[@]}" --kmax 5
fails 2 "clusters has no option --lable-column: is it --label-column; $see" clusters people.csv --lable-column group
fails 2 "clusters has no option --criteria: is it --criterion; $see" "${clusters[@]}" --criteria bic
fails 2 "clusters has no option --thread: is it --threads; $see" "${clusters[@]}" --thread=2
fails 2 "clusters has no option --verbose; $see" "${clusters[@]}" --verbose
fails 2 "clusters has no option --a-name-that-is-longer-than-any-option; $see" \
  "${clusters[@]}" --a-name-that-is-longer-than-any-option
fails 2 "clusters has no option -k: is it --k-min; $see" "${clusters[@]}" -k 3
fails 2 'fit has no option --k: is it -k; `ockham fit --help` lists them' fit people.csv --k 3

# Values that do not fit.
count='must be a whole number of at least 1, found'
for value in 0 -3 3.5 '' ' 3' 3x 99999999999999999999999; do
  fails 2 "--k-max $count '$value'" "${clusters[@]}" --k-max "$value"
done
fails 2 "-k $count '0'" fit people.csv -k 0
fails 2 "--seed must be a whole number, found '-1'" "${clusters[@]}" --seed -1
fails 2 "--seed must be a whole number, found '18446744073709551616'" "${clusters[@]}" --seed 18446744073709551616
fails 2 "--sd must be a number, found 'wide'" generate blobs --sd wide
fails 2 "--low must be a number, found 'nan'" generate blobs --low nan
fails 2 "--scale must be one of auto, none, standard, robust, found 'big'" "${clusters[@]}" --scale big
fails 2 "--delimiter must be one character or 'tab', found '::'" "${clusters[@]}" --delimiter ::
fails 2 '--k-max needs a value: K' "${clusters[@]}" --k-max
fails 2 "--columns must be names or numbers of columns, found ''" "${clusters[@]}" --columns ''
fails 2 "--ignore must be names or numbers of columns, found ','" "${clusters[@]}" --ignore ,
fails 2 '--json takes no value' "${clusters[@]}" --json=yes
fails 2 "no criterion is named 'bend'; \`ockham criteria\` lists them" "${clusters[@]}" --criterion bend
fails 2 'the least k, 9, must not exceed the largest, 3' "${clusters[@]}" --k-min 9 --k-max 3
fails 2 'k must be at most the number of rows, 36, found 37' "${clusters[@]}" --k-min 37
fails 2 'k must be at most the number of rows, 36, found 37' fit people.csv --ignore group -k 37
fails 2 'fit needs the number of clusters: -k K; `ockham clusters` finds it' fit people.csv
fails 2 '--missing mean needs the whole table; predict takes error or drop' predict a b --missing mean

# Columns that are not there.
has="it has 'height', 'weight', 'group'"
fails 2 "people.csv: no column 'size'; $has" "${clusters[@]}" --label-column size
fails 2 "people.csv: no column 'size'; $has" clusters people.csv --ignore size
fails 2 "people.csv: no column '4'; $has" clusters people.csv --ignore group --columns 4
fails 2 "people.csv: no column 'size'; $has" clusters people.csv --columns size
cut -d, -f1,2 people.csv >two.csv
fails 2 "two.csv: no column '3'; it has 'height', 'weight'" clusters two.csv --columns 3
fails 2 "two.csv: no column '3'; it has 'height', 'weight'" clusters two.csv --columns 1,3
fails 2 'people.csv: a query needs an SQLite file' "${clusters[@]}" --query 'select 1'

# Commands and files.
fails 2 "there is no command 'cluster'; \`ockham --help\` lists them" cluster people.csv
fails 2 'usage: ockham clusters FILE [options]' clusters
fails 2 'usage: ockham clusters FILE [options]' clusters people.csv other.csv
fails 2 'usage: ockham predict MODEL FILE [options]' predict people.csv
fails 2 'usage: ockham criteria' criteria bic
fails 2 "generate can make 'blobs', found 'rings'" generate rings
run
same 'no command' 2 "$code"
contains err 'Start with: ockham clusters data.csv'

# Help goes to standard output, and says everything there is.
succeeds --help
for command in clusters fit mixture predict profile drift show generate criteria corpus; do
  contains out "ockham $command"
  succeeds $command --help
  expect help-$command
  succeeds --help # again for the next round
done
succeeds --version
grep -qE '^ockham [0-9]+\.[0-9]+\.[0-9]+ \((reference|sse2|avx2|avx512|neon)\)$' out || complain "version: $(cat out)"

# Every option of every command is used by some test beside this one.
for command in clusters fit mixture predict profile drift generate corpus; do
  for option in $(grep -oE '^  --?[a-z-]+' "$here/expected/help-$command.txt"); do
    grep -v '^fails 2' "$here"/test_*.sh | grep -qE -- "(^|[ '(])$option([ ='\")]|\$)" || complain "$option is never tested"
  done
done

finish
