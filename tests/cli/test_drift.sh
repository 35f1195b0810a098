# SPDX-License-Identifier: Apache-2.0
# `ockham drift` of a file: what it says, by which exit code, and what it makes of columns and cells that differ.
set -u
. "$(dirname "$0")/lib.sh"
cp "$here"/../../examples/drift/*.csv .
succeeds profile spring.csv --model shop.ock

# It ends with this code, and has nothing to say on standard error.
ends() { # code, arguments ...
  local wanted=$1
  shift
  run "$@"
  [ "$code" -eq "$wanted" ] && [ ! -s err ] || complain "ockham $*: exit code $code, expected $wanted; $(cat err)"
}

head -n 801 summer.csv >early.csv # before the change

# ---- what it says ----

run drift shop.ock summer.csv --report page.html
has_page=$code
[ "$code" -eq 3 ] || run drift shop.ock summer.csv
same 'drift' 3 "$code"
expect drift-found
ends 3 drift shop.ock summer.csv --table --unordered
expect drift-table
ends 0 drift shop.ock spring.csv
expect drift-none
ends 0 drift shop.ock early.csv --level 0.2 --unordered
contains out 'without drift 20 % of batches are called drift'
ends 0 drift shop.ock summer.csv --min-effect 5
expect drift-trivial
ends 0 drift shop.ock early.csv
contains out 'No drift '
LC_ALL=C ends 3 drift shop.ock summer.csv --unordered
LC_ALL=C grep -q '[^ -~]' out && complain 'not ASCII where that is asked for'

# A table as the reference gets the profile that `ockham profile` makes; the name apart, it is the same.
ends 3 drift shop.ock summer.csv --json
cp out by-model.json
ends 3 drift spring.csv summer.csv --json # without a rehearsal
sed -E 's/"rehearsed[a-z_]*": [^,]*, //g' by-model.json >expected.json
sed -E 's/"rehearsed[a-z_]*": [^,]*, //g' out | cmp expected.json - || complain 'a table does not give what its profile gives'
ends 3 drift shop.ock summer.csv --json --unordered
cp out unordered.json
ends 3 drift shop.ock - --json --unordered <summer.csv
cmp unordered.json out || complain 'standard input as the rows'
gzip -k summer.csv
ends 3 drift shop.ock summer.csv.gz --json --unordered
cmp unordered.json out || complain 'gzip'
ends 3 drift shop.ock summer.csv --json --unordered --threads 3
cmp unordered.json out || complain 'it depends on the number of threads'
grep -q '"course": null' unordered.json || complain 'rows in no order have no beginning'

# ---- JSON ----

if command -v python3 >/dev/null; then
  python3 - by-model.json <<'END' || complain 'JSON'
import json, sys
d = json.load(open(sys.argv[1]))
s = {x["name"]: x for x in d["signals"]}
assert d["format"] == 1 and d["kind"] == "batch" and d["verdict"] == "found" and d["n_rows"] == 1600, d["verdict"]
assert d["reference_rows"] == 3000 and 0 <= d["p_value"] < 1e-16 and d["level"] == 0.01
moved = {name for name, x in s.items() if x["drifted"] and x["kind"] == "column"}
assert moved == {"basket", "items", "town", "days"}, moved
assert not s["age"]["drifted"] and not s["coupon"]["drifted"]
days = s["days"]  # 0.4 days for half of the rows, of a gamma distribution with deviation 0.98
assert days["shift_low"] < 0.2 / 0.98 < days["shift_high"], days["shift"]
assert abs(days["mean_now"] - days["mean_reference"] - 0.2) < 0.1
for x in s.values():
    assert abs(sum(b["now"] for b in x["bins"]) - 1) < 1e-9 and abs(sum(b["reference"] for b in x["bins"]) - 1) < 1e-9, x["name"]
new = next(b for b in s["town"]["bins"] if b["name"] == "new")
assert new["reference"] == 0 and new["low"] < 800 / 7 * 0.8 / 1600 < new["high"], new
begin = d["course"]["episodes"][0]["since_row"]
assert 780 <= begin <= 830, begin  # the change is at row 801
assert len(d["examples"]["rows"]) == 5 and all(r["row"] > 800 for r in d["examples"]["rows"])
assert d["examples"]["columns"] == ["age", "basket", "items", "town", "days", "coupon"]
END
fi

# ---- columns ----

awk -F, -v OFS=, '{print $6, $4, "x" NR, $2, $5, $3, $1}' summer.csv | sed '1s/x1/note/' >shuffled.csv
ends 3 drift shop.ock shuffled.csv --json --unordered
sed 's/"extra_columns": 1/"extra_columns": 0/' out >masked
cmp unordered.json masked || complain 'the order of columns matters, or one more does'
ends 3 drift shop.ock shuffled.csv --unordered
contains out '1 column of the data is not in the profile and not looked at'

cut -d, -f1-5 spring.csv >few.csv
fails 1 "few.csv: lacks column 'coupon' of the profile; --allow-missing takes it as missing" drift shop.ock few.csv
cut -d, -f2-5 spring.csv >fewer.csv
fails 1 "fewer.csv: lacks columns 'age', 'coupon' of the profile; --allow-missing takes them as missing" drift shop.ock fewer.csv
ends 3 drift shop.ock few.csv --allow-missing --unordered
contains out 'column that the data lack, taken as missing: coupon'
contains out 'more missing cells: coupon 3.5 % → 100.0 %'
printf 'a,b\n1,2\n3,4\n' >others.csv
fails 1 "others.csv: has none of the 6 columns that are needed; it has 'a', 'b'" drift shop.ock others.csv

# ---- cells ----

# The order in which texts come does not matter.
(head -n 1 spring.csv; tail -n +2 spring.csv | sort -t, -k4,4r) >sorted.csv
ends 0 drift shop.ock sorted.csv --unordered
contains out 'No drift '

# One cell of a billion changes nothing, and neither do a thousand standard deviations the other way.
sed '100s/^\([^,]*\),[^,]*,/\1,1000000000,/; 200s/^\([^,]*\),[^,]*,/\1,-30000,/' spring.csv >wild.csv
ends 0 drift shop.ock wild.csv
contains out 'No drift '
sed '100s/^\([^,]*\),[^,]*,/\1,1000000000,/' summer.csv >wild.csv
ends 3 drift shop.ock wild.csv --unordered
contains out '  days                    mean 2.415 → 2.612 '
ends 0 drift wild.csv summer.csv --unordered # also where it is in the reference
contains out 'No drift '

# Rows without anything in them are rows.
(cat spring.csv; yes ',,,,,' | head -n 300) >holes.csv
ends 3 drift shop.ock holes.csv --unordered
contains out 'rows without a number '
contains out '  more missing cells: '

# Infinities lie outside of all that was seen.
sed '2,400s/^\([^,]*\),[^,]*,/\1,inf,/' spring.csv >infinite.csv
ends 3 drift shop.ock infinite.csv --unordered
contains out 'more above all that was seen: basket 0.0 % → 13.'

# A text among numbers is a fault, not drift.
sed '5s/^[^,]*,/old,/' spring.csv >text.csv
fails 1 "text.csv:5: column 1 'age' holds text ('old'), expected a number" drift shop.ock text.csv

# Categories alone make a reference as well; and numbers that are codes.
cut -d, -f4 spring.csv >towns.csv
cut -d, -f4 summer.csv >new-towns.csv
ends 3 drift towns.csv new-towns.csv --unordered
contains out '  town                    new: 0.0 % → 5.6 %'
"$ockham" drift - new-towns.csv --unordered <towns.csv >again 2>err
same 'standard input as the reference' 3 $?
sed 's/standard input/towns.csv/' again | tail -n +2 | diff - <(tail -n +2 out) || complain 'standard input as the reference'
printf 'code\n' >codes.csv
for i in $(seq 1 50); do printf '1\n2\n7\n'; done >>codes.csv
sed 's/7/8/' codes.csv >others.csv
ends 3 drift codes.csv others.csv --category code --unordered
contains out 'texts that the reference has not: code 0.0 % → 33.3 %'

# Other formats; columns without a name are x1, x2, ...
succeeds generate blobs -k 3 --rows 200 --output blobs.csv
succeeds generate blobs -k 3 --rows 200 --output blobs.npy
succeeds generate blobs -k 3 --rows 200 --seed 7 --output other.npy
ends 0 drift blobs.csv blobs.npy --ignore label --unordered
ends 3 drift blobs.npy other.npy --unordered

# ---- what it refuses ----

fails 1 'nosuch.csv: cannot be opened: No such file or directory' drift shop.ock nosuch.csv
fails 1 'nosuch.ock: cannot be opened: No such file or directory' drift nosuch.ock summer.csv
: >empty.csv
fails 1 'empty.csv: no rows of numbers: the file is empty' drift shop.ock empty.csv
head -n 1 summer.csv >header.csv
fails 1 'header.csv: no rows of numbers' drift shop.ock header.csv
head -n 5 spring.csv >short.csv
run drift short.csv summer.csv
[ "$code" -eq 1 ] || complain "a reference of four rows: exit code $code"
contains err 'short.csv: '
succeeds fit blobs.csv --label-column label -k 3 --model plain.ock
if ! "$ockham" show plain.ock | grep -q profile; then
  fails 1 'plain.ock: the model has no profile to compare with; `ockham profile TRAIN.csv --model plain.ock` adds one' drift plain.ock blobs.csv
fi
head -c 300 shop.ock >cut.ock
run drift cut.ock summer.csv
[ "$code" -eq 1 ] || complain "a model that is cut: exit code $code"

fails 2 '--columns, --ignore and --category are for a reference that is a table; a model'"'"'s profile has its columns' drift shop.ock summer.csv --ignore age
fails 2 "no detector is named 'eyes'; \`ockham drift --detectors\` lists them" drift shop.ock summer.csv --detector eyes
fails 2 "--false-alarms must be such as 1/100000, one in at least 100 rows, found '1/5'" drift shop.ock summer.csv --false-alarms 1/5
fails 2 "--false-alarms must be such as 1/100000, one in at least 100 rows, found 'never'" drift shop.ock summer.csv --false-alarms never
fails 2 '--level must be between 0 and 1, found 1.5' drift shop.ock summer.csv --level 1.5
fails 2 '--level must be between 0 and 1, found 0' drift shop.ock summer.csv --level 0
fails 2 '--level is of a file that is compared as a whole; of a stream say --false-alarms 1/N' \
  drift shop.ock summer.csv --stream --level 0.05
fails 2 '--min-effect must not be negative, found -1' drift shop.ock summer.csv --min-effect -1
fails 1 'shop.ock: is a model, expected a table' drift spring.csv shop.ock
awk -F, -v OFS=, '{print $0, $1}' summer.csv >twice.csv
fails 2 "twice.csv: 2 columns are named 'age'; they are found by name, so one must be renamed" drift shop.ock twice.csv
fails 2 '--by-hour needs times: --time NAME' drift shop.ock summer.csv --by-hour
fails 2 '--by-hour goes with --stream: a file is compared as a whole' drift shop.ock summer.csv --by-hour --time days
fails 2 '--stream goes by the order of rows; --unordered is for files' drift shop.ock summer.csv --stream --unordered
fails 2 'standard input can be either the reference or the new rows, not both' drift - -
fails 2 '--report needs the name of a file: standard output has the text' drift shop.ock summer.csv --report -
fails 2 '--report would overwrite a file that is read' drift shop.ock summer.csv --report shop.ock
fails 2 'usage: ockham drift MODEL|OLD FILE [options]' drift shop.ock

succeeds drift --detectors
same 'detectors' 9 "$(grep -c '^[a-z]' out)"
succeeds drift --help
contains out 'Exit codes: 0 no drift, or a difference too small to matter, 3 drift'

# ---- the page ----

run drift shop.ock absent.csv --report page.html
if [ "$code" -eq 4 ]; then
  contains err 'this build has no HTML report: ' # before the long work
else
  same 'exit code with a page' 3 "$has_page"
  contains page.html '<title>Drift found – summer.csv</title>'
  contains page.html 'ockham drift shop.ock summer.csv --report page.html'
  ends 0 drift shop.ock spring.csv --report none.html
  contains none.html '<title>No drift – spring.csv</title>'
  contains none.html '"points":[[' # the course is there without drift, too
  run drift shop.ock summer.csv --unordered --report nowhere/page.html
  same 'a folder that is not there' 4 "$code"
  contains out 'Drift found'
fi

# Examples are of after the change: those of before are as usual.
awk 'BEGIN { print "x"; for (i = 1; i <= 3000; i++) { x = (x * 1664525 + 1013904223) % 4294967296
  print int(x / 65536) % 1000 } }' >before.csv
awk 'BEGIN { x = 7; print "x"; for (i = 1; i <= 3000; i++) { x = (x * 1664525 + 1013904223) % 4294967296
  print int(x / 65536) % 1000 + (i > 2000 ? 300 : 0) } }' >after.csv
run drift before.csv after.csv --json
python3 - <<'END' || complain 'examples of before the change'
import json
answer = json.load(open("out"))
since = answer["course"]["episodes"][0]["since_row"]
assert 1950 < since < 2050, since
rows = [example["row"] for example in answer["examples"]["rows"]]
assert len(rows) == 5 and all(row >= since for row in rows), (since, rows)
END

# A verdict that cannot be written is none.
if [ -c /dev/full ]; then
  "$ockham" drift shop.ock spring.csv >/dev/full 2>err
  same 'a full disk' 4 $?
  for stream in '' --stream; do
    "$ockham" drift shop.ock summer.csv $stream >/dev/full 2>err
    same "drift into a full disk $stream" 4 $?
    same 'in one line' 'ockham: standard output: No space left on device' "$(cat err)"
  done
fi
finish
