# SPDX-License-Identifier: Apache-2.0
# profile: what rows look like, into a model that is there or a new one; and what clusters, fit and mixture add of it.
set -u
. "$(dirname "$0")/lib.sh"

# Three groups that stay for some minutes, a plan, an answer, and times a quarter of an hour apart; nothing is random.
make_rows() { # rows, seconds between them
  awk -v n="$1" -v step="$2" -v OFS=, '
    function draw() { x = (x * 1664525 + 1013904223) % 4294967296; return int(x / 65536) / 65536 }
    BEGIN {
    split("basic plus gold", plans, " ")
    print "time", "age", "income", "plan", "score"
    for (i = 0; i < n; i++) {
      if (draw() < 0.5) g = int(draw() * 3)
      age = 30 + 15 * g + 6 * (draw() + draw() - 1)
      income = draw() > 0.97 ? "" : int(1500 + 1200 * g + 300 * (draw() + draw() - 1))
      printf "%d,%.1f,%s,%s,%.2f\n", 1767571200 + i * step, age, income, plans[1 + int(draw() * 3)], draw()
    }
  }'
}
make_rows 2000 900 >train.csv

# A new model: its clusters are found, and all is said.
succeeds profile train.csv --model new.model --time time --output score
expect profile
succeeds show new.model
expect show-profile
succeeds predict new.model train.csv --missing drop
same 'a new model predicts' "$(awk -F, 'NR > 1 && $3 != ""' train.csv | wc -l)" "$(sed 1d out | wc -l)"

# The same again is the same file, for any number of threads, from a pipe, and with the times as text.
quick=(--time time --no-rehearsal)
succeeds profile train.csv --model first.model "${quick[@]}" -k 3 --output score
for threads in 1 2; do
  rm -f new.model
  succeeds profile train.csv --model new.model "${quick[@]}" --output score --threads $threads -k 3
  cmp -s new.model first.model || complain "other bytes with $threads threads"
done
succeeds profile - --model piped.model "${quick[@]}" -k 3 --output score <train.csv
cmp -s piped.model first.model || complain 'other bytes from a pipe'
succeeds profile train.csv --model new.model "${quick[@]}" # what is no input of the model is as it was
cmp -s new.model first.model || complain 'a second profile of the same rows is another'

# A model that is there keeps all it holds.
awk -F, -v OFS=, '{ print $0, NR == 1 ? "w" : 1 }' train.csv >weighed.csv
succeeds fit weighed.csv -k 3 --columns income,age --weights w --missing drop --model old.model
succeeds show old.model
cp out shown
succeeds predict old.model train.csv --missing drop
cp out predicted
succeeds profile train.csv --model old.model --category plan --output score --no-rehearsal
contains out 'profile of 2000 rows in 3 clusters'
contains out 'inputs: 2 columns of numbers, 1 of categories'
contains out 'hours of the week: not kept, for times are not known (--time COLUMN)'
succeeds show old.model
head -n "$(wc -l <shown)" out | diff shown - || complain 'the model is another'
succeeds predict old.model train.csv --missing drop
diff -q predicted out || complain 'the model predicts otherwise'

# Short times, as ISO 8601; falling ones; and none.
make_rows 300 60 | awk -F, -v OFS=, 'NR > 1 { $1 = strftime("%Y-%m-%dT%H:%M:%SZ", $1, 1) } { print }' >short.csv
succeeds profile short.csv --model short.model --time time -k 3 --no-rehearsal
contains out 'hours of the week: not kept, for times span 0.208 days (2026-01-05 00:00 to 2026-01-05 04:59 UTC)'
(head -1 short.csv && sed 1d short.csv | tac) >falling.csv
run profile falling.csv --model falling.model --time time -k 3
same 'falling times' 0 "$code"
same 'falling times' 'ockham: note: row 2 is earlier than the one before it: rows are taken to be in no order' "$(cat err)"
contains out 'neighbours: rows hardly depend on the row before them (stickiness at most 0.00)'
sed '5s/^[^,]*//' short.csv >untimed.csv
fails 1 'untimed.csv: row 4 has no time' profile untimed.csv --model a.model --time time

succeeds profile short.csv --model unordered.model --time time -k 3 --unordered --seed 1 --ignore score --label-column plan --quiet
contains out 'neighbours: rows hardly depend on the row before them (stickiness at most 0.00)'

# As JSON.
succeeds profile short.csv --model short2.model --time time -k 3 --json --no-rehearsal
python3 - <<'END' || complain 'JSON'
import json
answer = json.load(open("out"))
profile = answer["profile"]
assert answer["new"] and answer["criterion"] == "given" and answer["model"] == "short2.model"
assert profile["rows"] == 300 and profile["k"] == 3 and not profile["by_hour"] and profile["since"] == 1767571200
kinds = {c["name"]: (c["role"], c["kind"], c.get("texts")) for c in profile["columns"]}
assert kinds == {"age": ("input", "number", None), "income": ("input", "number", None),
                 "plan": ("input", "category", 3), "score": ("input", "number", None)}, kinds
assert 0 <= profile["outside"] < 0.2 and 0 < profile["stickiness"] < 1
END

# clusters, fit and mixture add one of the same rows, in their own units also where columns were scaled.
head -1901 train.csv >fewer.csv # too few to be rehearsed
for command in 'clusters --criterion bic' 'fit -k 3' 'mixture -k 3'; do
  succeeds $command fewer.csv --columns age,score --scale standard --model "${command%% *}.model"
  succeeds show "${command%% *}.model"
  contains out 'profile of 1900 rows in'
  contains out "$(awk -F, 'NR == 2 { a = b = $2 } NR > 1 { a = $2 < a ? $2 : a; b = $2 > b ? $2 : b }
    END { printf "%.6g to %.6g, mean", a, b }' fewer.csv)"
done
run fit train.csv -k 3 --columns age,income --missing mean --model filled.model
same 'cells that were filled in' \
  'ockham: note: the model has no profile to notice drift by, for missing cells were filled in' "$(cat err)"
run fit train.csv -k 3 --columns age,income --missing drop --model dropped.model
same 'rows that were left out' \
  'ockham: note: the model has no profile to notice drift by, for rows with missing cells were left out' "$(cat err)"
head -13 train.csv >few.csv
run fit few.csv -k 2 --columns age,score --model few.model
same 'few rows' 'ockham: note: the model has no profile to notice drift by, for it takes 20 rows' "$(cat err)"

# A column of which every cell is missing; and texts alone, which have no clusters but what drift is noticed by.
awk -F, -v OFS=, '{ print $2, NR == 1 ? "empty" : "" }' train.csv >empty.csv
succeeds profile empty.csv --model empty.model --no-rehearsal
contains out 'inputs: 2 columns of numbers'
contains out 'missing: empty 100 % of rows'
succeeds drift empty.model empty.csv
awk -F, -v OFS=, 'NR == 1 { print "plan", "kind" } NR > 1 { print $4, NR % 3 ? "a" : "b" }' train.csv >texts.csv
succeeds profile texts.csv --model texts.model --no-rehearsal
contains out 'profile of 2000 rows without clusters: no input column holds numbers'
succeeds show texts.model
contains out 'profile of 2000 rows without clusters: no input column holds numbers'
contains out '                plan  input    3 texts            0 %'
succeeds drift texts.model texts.csv
sed 's/basic/free/' texts.csv >others.csv
run drift texts.model others.csv
same 'other texts' 3 "$code"
contains out 'texts that the reference has not: plan'
succeeds profile texts.csv --model texts.model --no-rehearsal --output kind
contains out 'outputs: 1 of categories'
succeeds profile texts.csv --model texts.model --no-rehearsal # as it was
contains out 'outputs: 1 of categories'
fails 2 'predict needs a model with clusters, found one that holds a profile alone' predict texts.model texts.csv
echo 'models: {a: {file: texts.model}}' >texts.yaml
fails 1 'texts.yaml:1: models.a.file: expected a model with clusters, found a profile alone in texts.model' \
  serve --check texts.yaml
fails 2 'no input column holds numbers, which the 3 clusters of -k are made of' \
  profile texts.csv --model a.model -k 3

# A column that is constant changes nothing: of whole numbers as many clusters are found with it as without.
awk 'BEGIN { x = 7; print "x,constant"; for (i = 0; i < 2000; i++) { x = (x * 1664525 + 1013904223) % 4294967296
  print int(x / 65536) % 50 ",5.1" } }' >constant.csv
for columns in x constant x,constant; do
  rm -f constant.model
  succeeds profile constant.csv --model constant.model --columns $columns --no-rehearsal
  contains out 'profile of 2000 rows in 1 cluster,'
done

# What cannot be.
awk 'BEGIN { print "a,b c"; for (i = 0; i < 40; i++) print i "," (i % 2 ? "-" : "") "1.7e308" }' >huge.csv
fails 1 "huge.csv: column 'b c' runs from -1.7e+308 to 1.7e+308, which is too wide to be squared" \
  profile huge.csv --model a.model
fails 1 "huge.csv: column 'b c' runs from -1.7e+308 to 1.7e+308, which is too wide to be squared" drift huge.csv huge.csv
has="it has 'time', 'age', 'income', 'plan', 'score'"
fails 2 'profile needs a file to write to: --model FILE' profile train.csv
run profile weighed.csv --model a.model --weights w
same 'weights' 2 "$code"
fails 2 "train.csv: no column 'size'; $has" profile train.csv --model a.model --columns size
fails 2 "train.csv: no column 'size'; $has" profile train.csv --model a.model --category size
fails 2 "train.csv: no column 'size' for --output, which takes names" profile train.csv --model a.model --output size
fails 1 'few.csv: a profile needs at least 20 rows, found 12' profile few.csv --model a.model
cut -d, -f1,2 train.csv >lacking.csv
fails 2 "lacking.csv: no column 'income'; it has 'time', 'age'" profile lacking.csv --model old.model
sed '1!s/,/,y/' train.csv >texts.csv
run profile texts.csv --model old.model
same 'texts in a column of numbers' 1 "$code"
contains err "texts.csv: column 'age' holds texts such as 'y"
fails 2 "column 'age' is an input of the model, and cannot be an output" profile train.csv --model old.model --output age
fails 2 'old.model is there and has its columns, scaling and clusters: --columns, --scale and -k are for a new model' \
  profile train.csv --model old.model -k 4
fails 2 '--model would overwrite a file that is read' profile train.csv --model train.csv
run profile train.csv --model few.csv
same 'a model that is none' 1 "$code"
same 'and it stays' "$(head -13 train.csv)" "$(cat few.csv)"
run profile train.csv --model nowhere/a.model
same 'an unwritable path' 4 "$code" # 3 is drift
contains err 'nowhere/a.model'
same 'nothing was left' '' "$(ls | grep '^a\.model')"
if [ -w /dev/full ]; then
  "$ockham" profile short.csv --model full.model --no-rehearsal --quiet >/dev/full 2>err
  same 'nobody can read it' 4 $?
  same 'and that in a line' 'ockham: standard output: No space left on device' "$(cat err)"
fi

# A column that the profile had as a category may become that of times, or be left out.
awk -F, -v OFS=, '{print $0, NR == 1 ? "day" : sprintf("2026-01-%02dT%02d:00:00Z", 1 + int(NR / 1000), NR % 1000 / 100)}' \
  train.csv | cut -d, -f2- >days.csv
succeeds profile days.csv --model days.ock --no-rehearsal
succeeds profile days.csv --model days.ock --no-rehearsal --time day
contains out 'inputs: '
contains out 'hours of the week: '
succeeds profile days.csv --model days.ock --no-rehearsal --ignore day

finish
