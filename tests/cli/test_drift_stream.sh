# SPDX-License-Identifier: Apache-2.0
# `ockham drift --stream`: alarms come when they are noticed, not when the stream ends; Ctrl-C ends it with a summary.
set -u
. "$(dirname "$0")/lib.sh"
cp "$here"/../../examples/drift/*.csv .
succeeds profile spring.csv --model shop.ock

# How rare something is, is an estimate.
mask_lengths() {
  sed -i -E 's/once in [0-9,.e+]+ rows/once in * rows/; s/one in [0-9.]+ times as many .*/one in * times as many/' out
}
run drift shop.ock summer.csv --stream --false-alarms 1/10000
same 'drift' 3 "$code"
mask_lengths
expect drift-stream
run drift shop.ock summer.csv --stream --false-alarms '1 per 10000' --report page.html
mask_lengths
if [ "$code" -ne 4 ]; then # there is a page
  mask_seconds <out | diff - "$here/expected/drift-stream.txt" || complain "the budget in words"
  contains page.html '<title>Drift, and it lasts – summer.csv</title>'
fi
succeeds drift shop.ock spring.csv --stream
contains out 'No drift '
contains out '0 alarms; without drift one comes every 100,000 rows on average'
"$ockham" drift shop.ock - --stream --false-alarms 1/10000 <summer.csv >out 2>err
same 'standard input' 3 $?
mask_lengths
sed 's/standard input/summer.csv/' out | tail -n +3 | diff - <(tail -n +3 "$here/expected/drift-stream.txt") || complain 'standard input'
"$ockham" drift spring.csv summer.csv --stream --false-alarms 1/10000 >out 2>err
same 'a table as the reference' 3 $?
contains out 'drift since about row 801'

# Drift that ends: spring, summer's end, spring again.
(cat spring.csv; tail -n 800 summer.csv; tail -n +2 spring.csv; tail -n +2 spring.csv) >year.csv
run drift shop.ock year.csv --stream --json --false-alarms 1/10000
same 'a year' 3 "$code"
if command -v python3 >/dev/null; then
  python3 - out <<'END' || complain 'events'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
assert [e["event"] for e in events] == ["alarm", "end", "summary"], [e["event"] for e in events]
alarm, end, summary = events
assert 2940 <= alarm["since_row"] <= 3010 < alarm["noticed_row"] < 3200, alarm
assert alarm["until_row"] is None and end["until_row"] > 3800 and end["number"] == 1, end
assert summary["kind"] == "stream" and summary["verdict"] == "found" and not summary["course"]["drifted"]
assert summary["n_rows"] == 3000 + 800 + 6000 and summary["course"]["n_episodes"] == 1
END
fi

# Episodes are told of one by one, however short: of so many false alarms some are over within a few dozen rows.
(cat spring.csv; tail -n +2 spring.csv; tail -n +2 spring.csv) >springs.csv
run drift shop.ock springs.csv --stream --json --false-alarms 1/100
same 'short episodes' 3 "$code"
if command -v python3 >/dev/null; then
  python3 - out <<'END' || complain 'events of short episodes'
import json, sys
*events, summary = (json.loads(line) for line in open(sys.argv[1]))
told = [(e["event"], e["number"]) for e in events]
n = summary["course"]["n_episodes"]
assert n >= 3 and told == [(event, i + 1) for i in range(n) for event in ("alarm", "end")][: len(told)], (n, told)
assert len(told) == 2 * n - summary["course"]["drifted"], (n, told)
assert any(e["until_row"] - e["noticed_row"] < 100 for e in events if e["event"] == "end"), events
END
fi

# Times are told.
awk -F, -v OFS=, 'NR == 1 {print $0, "at"} NR > 1 {print $0, 1772368200 + 60 * (NR - 2)}' summer.csv >timed.csv
run drift shop.ock timed.csv --stream --time at --false-alarms 10000
contains out '  2026-03-0' # row 801 is 2026-03-02T01:50:00Z

# Weekends that are not like other days: three of them are known, and the next is no drift; what was never seen is.
orders() { # first row, rows, factor
  awk -v OFS=, -v first="$1" -v n="$2" -v factor="$3" 'BEGIN {
    srand(first)
    print "at,orders"
    for (i = first; i < first + n; i++) # from a Monday on, every ten minutes
      print 1767571200 + 600 * i, factor * ((int(i / 144) % 7 >= 5 ? 30 : 10) + 4 * rand())
  }'
}
orders 0 3024 1 >weeks.csv
orders 3744 288 1 >weekend.csv
orders 3744 288 2 >rush.csv
succeeds profile weeks.csv --model hours.ock --time at
succeeds drift hours.ock weekend.csv --stream --time at --by-hour --false-alarms 1/10000
contains out 'No drift '
run drift hours.ock rush.csv --stream --time at --by-hour --false-alarms 1/10000 --window 500
same 'what was never seen' 3 "$code"
contains out '2026-01-31T'

# Nothing is kept back: the alarm is there while the stream is open.
mkfifo pipe
"$ockham" drift shop.ock - --stream --false-alarms 1/10000 <pipe >live 2>err &
process=$!
exec 3>pipe
head -n 1001 summer.csv >&3
for i in $(seq 1 300); do grep -q '^row ' live && break; sleep 0.1; done
grep -q '^row 8[0-9][0-9]: drift since about row 80[0-9]: ' live || complain "no alarm while the stream is open: $(cat live)"
grep -q 'Drift, and it lasts' live && complain 'a summary before the end'
kill -0 $process 2>/dev/null || complain 'it ended by itself'
kill -INT $process # as Ctrl-C does
wait $process
same 'Ctrl-C' 130 $?
contains live 'Drift, and it lasts '
contains live '1,000 rows'
exec 3>&-

# No rows are no drift; columns are checked when the header is there.
head -n 1 summer.csv >header.csv
succeeds drift shop.ock header.csv --stream --false-alarms 1/1000
contains out '0 rows'
cut -d, -f1-5 summer.csv >few.csv
run drift shop.ock few.csv --stream --false-alarms 1/1000
same 'a column is missing' 1 "$code"
contains err "few.csv: lacks column 'coupon' of the profile; --allow-missing takes it as missing"

# What goes wrong later is told after what was seen.
(head -n 901 summer.csv; echo 'a,b') >broken.csv
run drift shop.ock broken.csv --stream --false-alarms 1/1000
same 'a broken row' 1 "$code"
contains err 'broken.csv:902: expected 6 cells, found 2'
contains out 'rows of broken.csv against 3,000 of shop.ock'

for detector in chi2 cusum; do
  run drift shop.ock summer.csv --stream --detector $detector --false-alarms 1/1000
  same "$detector" 3 "$code"
done

finish
