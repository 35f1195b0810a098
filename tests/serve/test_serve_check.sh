# SPDX-License-Identifier: Apache-2.0
# ockham serve --check: each problem in a line with its place; what the command line says goes before what the file says.
set -u
. "$(dirname "$0")/../cli/lib.sh"

printf 'a,b\n1,2\n3,4\n5,6\n9,9\n' >rows.csv
"$ockham" fit rows.csv -k 2 --model flowers.ock --quiet >/dev/null || complain "no model to serve"
printf '#!/bin/sh\n' >work.sh
chmod +x work.sh

# Served as it is said, one line says how much of it there is.
good() { # number of models, arguments ...
  local n=$1
  shift
  succeeds serve --check "$@"
  same "serve --check $*" "$n, nothing wrong" "$(head -1 out)"
}

good '1 model' flowers.ock
good '3 models' flowers.ock --model "w=./work.sh 'a b'" --upstream u=http://127.0.0.1:1/v2/models/m
good '2 models' --model a=./work.sh --model='b=./work.sh x,y' --listen '[::1]:0' --admin none --sample 0 --workers 3
succeeds serve --check flowers.ock
same 'a model without a profile' '  flowers: not watched for drift: there is no profile' "$(tail -n +2 out)"
"$ockham" profile rows.csv --model flowers.ock --quiet >/dev/null 2>&1 # too few rows: it stays without
for i in 1 2 3 4 5 6 7; do printf '1,%d\n3,%d\n5,6\n9,%d\n' $i $i $i; done | cat rows.csv - >many.csv
succeeds profile many.csv --model profile.ock
printf 'drift: {false_alarms: 1 per 9d}\nmodels:\n  a: {file: flowers.ock, profile: profile.ock}\n  b: {file: profile.ock, drift: {false_alarms: 1 per 500 rows}}\n  c: {file: profile.ock, drift: no}\n' >drift.yaml
succeeds serve --check drift.yaml
grep -qE '^  a: watched for drift from profile.ock \(32 rows, 2 columns, [0-9]+ clusters\), false alarms 1 per 9d$' out &&
  grep -q '^  b: watched .* false alarms 1 per 500 rows$' out && grep -q '^  c: not watched for drift: it is switched off$' out ||
  complain "what is watched: $(cat out)"
# A profile's columns must be the model's: of a fitted one it is known, of a program it is said that it is not.
sed '1s/b/c/' many.csv >other.csv
succeeds profile other.csv --model other.ock
printf 'models:\n  a: {file: flowers.ock, profile: other.ock}\n' >foreign.yaml
fails 1 "foreign.yaml:2: models.a.profile: other.ock: the profile has a column 'c', and the model has none" \
  serve --check foreign.yaml
printf 'models:\n  w: {command: ./work.sh, profile: other.ock}\n' >program.yaml
succeeds serve --check program.yaml
grep -q '^  w: watched .*; not checked: whether it has these columns, which it says when it runs$' out ||
  complain "a program's columns: $(cat out)"
awk -v OFS=, 'NR == 1 { print $0, "kind" } NR > 1 { print $0, NR % 2 ? "x" : "y" }' many.csv >kinds.csv
succeeds profile many.csv --model more.ock
succeeds profile kinds.csv --model more.ock --category kind
succeeds serve --check more.ock
same 'a column that the model is not given' \
  "  more: not watched for drift: the profile has a column 'kind', and the model has none" "$(tail -n +2 out)"
succeeds serve --check --quiet flowers.ock
[ ! -s out ] || complain "--quiet printed $(cat out)"

cat >o.yaml <<'END'
listen: nowhere
models:
  flowers: {file: flowers.ock}
  w: {command: ./work.sh}
END
fails 1 "o.yaml:1: listen: expected an address such as 127.0.0.1:8080, [::1]:8080 or :8080, found 'nowhere'" \
  serve --check o.yaml
fails 2 "listen: expected an address such as 127.0.0.1:8080, [::1]:8080 or :8080, found 'here'" \
  serve --check o.yaml --listen here
good '2 models' o.yaml --listen :0
(mkdir elsewhere && cd elsewhere && "$ockham" serve --check --quiet ../o.yaml --listen :0) || complain 'paths of a file'
fails 2 "models.w.name: expected another version than that of models[1], found w version 1 again" \
  serve --check o.yaml --listen :0 --model w=./work.sh

# A file that is at fault is 1 whatever its key; what only the command line says is 2.
for problem in 'lissten: x' 'listen: nowhere' 'listen: [1]' 'models: {a: {file: none.ock}}' \
  'models: {a: {command: ./work.sh, profile: flowers.ock}}' 'models: {a: {command: ./work.sh, timeout: 9y}}' \
  'models: {a: {command: ./work.sh, workers: 100000}}' 'models: {a: {}}' 'drift: {detector: eyes}'; do
  printf '%s\n' "$problem" >one.yaml
  run serve --check one.yaml --model w=./work.sh
  same "the exit code of $problem" 1 "$code"
done

# Every problem of a file, though the first is of another kind than the last.
printf 'listen: [1]\nmodels:\n- name: x\n  timeout: 5\n  comand: y\n' >bad.yaml
run serve --check bad.yaml
same 'the exit code of bad.yaml' 1 "$code"
cat >wanted <<'END'
ockham: bad.yaml:1: listen: expected an address such as 127.0.0.1:8080, found a list
ockham: bad.yaml:4: models[0].timeout: expected a duration such as 500ms or 10s, found '5'
ockham: bad.yaml:5: models[0]: there is no key 'comand': is it command?
END
diff -u wanted err || complain 'the problems of bad.yaml'
run serve --check --model x=./none --token-file none --sample 2 nosuch.ock
same 'the exit code of bad options' 2 "$code"
cat >wanted <<'END'
ockham: record.sample: expected a number from 0 to 1, found 2
ockham: token_file: none: No such file or directory
ockham: models.nosuch.file: nosuch.ock: cannot be opened: No such file or directory
ockham: models.x.command: expected a program that can be run, found none at './none'
END
diff -u wanted err || complain 'the problems of bad options'

fails 2 'expected a model, a configuration, --model or --upstream, found none' serve
fails 2 "--model must be a name, '=' and a command, found 'predict.py'" serve --model predict.py
fails 2 "--upstream must be a name, '=' and a URL, found 'u='" serve --upstream u=
fails 2 "expected one configuration, found o.yaml and bad.yaml" serve o.yaml bad.yaml
fails 2 "x: expected closed quotes and something after every '\\', found ''a'" serve --model "x='a"
fails 1 'none.yaml: No such file or directory' serve none.yaml
fails 2 "serve has no option --upstreem: is it --upstream; \`ockham serve --help\` lists them" serve --upstreem x
finish
