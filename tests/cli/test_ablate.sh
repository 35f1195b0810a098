# SPDX-License-Identifier: Apache-2.0
# `ockham ablate` from plan to report, with a trainer that trains nothing: its loss follows a law that is written here,
# so that what the report says can be checked against it.
set -u
. "$(dirname "$0")/lib.sh"

cat >train.sh <<'END'
# train.sh POSITION FFN NORM WIDTH SEED RATE
awk -v position="$1" -v ffn="$2" -v norm="$3" -v width="$4" -v seed="$5" -v rate="$6" 'BEGIN {
  u = (seed * 7919 + width * 104729 + length(position ffn norm) * 31 + 17) % 997 / 997
  v = (seed * 6151 + width * 3571 + length(position ffn) * 101 + 5) % 991 / 991
  noise = 0.003 * sqrt(-2 * log(1 - u)) * cos(6.283185307 * v)
  compute = 1e6 * width ^ 3; l = log(compute / (1e6 * 64 ^ 3))
  y = 0.2 - 0.15 * l
  if (position == "rope") y -= 0.08             # a gain that stays: CEG exp(.08 / .15) = 1.70
  if (ffn == "swiglu") y -= 0.09 - 0.03 * l     # one that vanishes: exp(.09 / .15) = 1.82 at width 64
  y += 0.05 * (log(rate / (ffn == "swiglu" ? 2 : 1)) / log(2)) ^ 2
  if (width == 999) exit 3
  printf "METRIC loss=%.6f flops=%.6g parameters=%d tokens=%d\n", 0.5 + exp(y + noise), compute, width ^ 2 * 12,
    width * 1000
  printf "METRIC slope=%.5f seconds=%.3f\n", -0.15 * exp(y), compute / 1e9
}'
END

study() { # name, command, more lines ...
  cat <<END
name: $1
question: Is the law found again?
command: $2
metric: loss
worst-loss: 5.5
factors:
  position: [learned, rope]
  ffn: [gelu, swiglu]
  norm: [layer, rms]
scales:
  S1: {width: 32, replicates: 3}
  S2: {width: 64, replicates: 3}
  S3: {width: 128, replicates: 3}
  S4: {width: 256, replicates: 2, held-out: yes}
design: full
rates: [0.5, 1, 2]
claims:
  - position=rope helps
  - norm=rms is negligible
  - ffn=swiglu vanishes
  - ffn=swiglu hurts
  - joint is submultiplicative
timeout: 20s
seed: 1
END
}
study sim 'sh train.sh {position} {ffn} {norm} {width} {seed} {rate}' >s.yaml

# ---- the plan ----
succeeds ablate plan s.yaml
for line in 'Design: full: every combination' '  S1, S2, S3, S4: 8 cells' \
  'S1 .* 8 design, 3 baseline, 3 recipe, 24 probe' '78 runs, 78 of them still to be run; how long' \
  'beware: nothing has been run yet'; do
  grep -q "$line" out || complain "the plan lacks '$line'"
done
[ ! -e s.journal ] || complain 'a plan makes no journal'
succeeds ablate plan s.yaml --runs
same 'runs of the plan' 78 "$(grep -c 'seed=' out)"
run ablate run s.yaml --commands
same 'commands of probes' 24 "$(grep -c '^sh train.sh ' out)"
same 'those of other runs' 'ockham: 54 more wait for probes of the learning rate: once these have been run or imported' "$(cat err)"
[ ! -e s.journal ] || complain 'commands make no journal'

# ---- runs ----
succeeds ablate run s.yaml --pilot --scale S1 --quiet
succeeds ablate plan s.yaml
grep -q '78 runs, 72 of them still to be run' out || complain "after the pilot: $(grep runs, out)"
grep -q 'S1 .* 0.00' out || complain "no noise after the pilot: $(grep '^S1' out)"
succeeds ablate run s.yaml
same 'runs' 72 "$(grep -c ': loss ' out)"
tail -1 out | grep -qx 'sim: 78 of 78 runs are done; next: ockham ablate report s.yaml' || complain "$(tail -1 out)"
same 'rates of swiglu' 'rate=2' "$(grep 'S[234].*ffn=swiglu' out | grep -o 'rate=[0-9.]*' | sort -u)"
same 'rates of gelu' 'rate=1' "$(grep 'S[234].*ffn=gelu' out | grep -o 'rate=[0-9.]*' | sort -u)"
same 'logs' 78 "$(ls s.journal.runs/*.log | wc -l)"
succeeds ablate run s.yaml --commands
same 'commands, with their rates' '78 78' "$(wc -l <out) $(cut -d' ' -f2- s.journal.runs/*.log | grep -cxFf out)"
succeeds ablate resume s.yaml
same 'nothing is left' 1 "$(wc -l <out)"

# ---- the report ----
succeeds ablate report s.yaml --quiet
for line in 'position learned → rope *helps *stays' 'ffn gelu → swiglu *helps *vanishes' 'norm layer → rms *negligible' \
  'position=rope helps *yes' 'norm=rms is negligible *yes' 'ffn=swiglu vanishes *yes' 'ffn=swiglu hurts *no' \
  'predicted for the baseline at compute 1.68e+13, from the smaller scales: 1\.1' 'measured: 1\.1.* inside' \
  'iso-flop *iso-parameter *iso-time' 'ffn=swiglu .* 2\.00$' 'ffn=gelu .* 1\.00$'; do
  grep -q "$line" out || complain "the report lacks '$line'"
done
predicted=$(grep -n 'predicted for' out | cut -d: -f1)
measured=$(grep -n 'measured: 1' out | cut -d: -f1)
[ "$predicted" -lt "$measured" ] || complain 'what was predicted goes first'
LC_ALL=C succeeds ablate report s.yaml --quiet
LC_ALL=C grep -q '[^ -~]' out && complain 'not ASCII'
grep -q 'position learned -> rope' out || complain 'no arrow in ASCII'
succeeds ablate report s.yaml --quiet --json
if command -v python3 >/dev/null; then
  python3 - out <<'END' || complain 'JSON'
import json, math, sys
d = json.load(open(sys.argv[1]))
mains = {m["factor"]: m for m in d["mains"]}
ceg = mains["position"]["ceg"]
assert all(low <= math.exp(.08 / .15) * 1.03 and high >= math.exp(.08 / .15) / 1.03 for _, low, high in ceg), ceg
value, low, high = mains["ffn"]["elasticity"]
assert abs(value + .03 / .15) < .02, value
assert len(d["runs"]) == 78 and len(d["claims"]) == 5 and not any(c["made_after"] for c in d["claims"])
low, high = d["held_out"]["predicted"][1:]
assert low < d["held_out"]["measured"] < high
END
fi

# A claim that is made when runs have ended is not one made beforehand.
sed 's/  - ffn=swiglu hurts/  - norm=rms hurts/' s.yaml >later.yaml
succeeds ablate report later.yaml --journal s.journal --quiet
grep -q 'norm=rms hurts .*beware: claimed when runs had ended already' out || complain 'a late claim'

# ---- the page ----
fails 2 '--report needs the name of a file: standard output has the text' ablate report s.yaml --report -
run ablate report s.yaml --quiet --report page.html
if [ "$code" -eq 3 ]; then # this build has none, and says so before the work
  grep -q 'this build has no HTML report' err || complain "$(cat err)"
  [ ! -s out ] && [ ! -e page.html ] || complain 'something was written'
else
  same 'exit code with a page' 0 "$code"
  grep -q '^sim: Is the law found again?' out || complain 'the text goes out, too'
  head -c 15 page.html | grep -q '^<!DOCTYPE html>$' || complain "page.html begins with $(head -c 15 page.html)"
  tail -n 1 page.html | grep -q '^</html>$' || complain 'page.html is not whole'
  contains page.html '<title>2 changes help, 1 is negligible – sim</title>'
  contains page.html '"command":"ockham ablate report s.yaml --quiet --report page.html"'
  contains page.html '"design":{"cells":8,'
  cp page.html first.html
  succeeds ablate report s.yaml --quiet --report page.html --threads 1
  sed 's/ --threads 1//g' page.html | cmp -s - first.html || complain 'the page depends on the number of threads'
  run ablate report s.yaml --quiet --report nowhere/page.html
  [ "$code" -ne 0 ] && grep -q 'nowhere/page.html' err || complain "a page that cannot be written: $code, $(cat err)"
fi

# ---- it grows, or is another one ----
sed 's/replicates: 3}/replicates: 4}/' s.yaml >grown.yaml
succeeds ablate run grown.yaml --journal s.journal --quiet
succeeds ablate report s.yaml --quiet --json
[ "$(grep -o '"id":' out | wc -l)" -eq 84 ] || complain "grown: $(grep -o '"id":' out | wc -l) runs"
sed 's/width: 64/width: 65/' s.yaml >other.yaml
fails 1 "s.journal: expected the journal of this study, found 'scale S2 width=64' where the study has 'scale S2 width=65'" \
  ablate report other.yaml --journal s.journal

# ---- refusals ----
fails 1 'k.journal: nothing has been run yet; next: ockham ablate run s.yaml' ablate report s.yaml --journal k.journal
fails 2 "ablate has no command 'plna'; \`ockham ablate --help\` lists them" ablate plna s.yaml
fails 2 "--scale must be one of the study's, found 'S9'" ablate run s.yaml --scale S9
sed 's/^factors:/factor:/' s.yaml >b.yaml
fails 1 "b.yaml:6: there is no key 'factor': is it factors?" ablate plan b.yaml
sed 's/, replicates: [23]//' s.yaml >bare.yaml
run ablate plan bare.yaml
same 'a plan without replicates' 1 "$code"
grep -q 'beware: nothing is run twice' out || complain 'no word about replicates'
succeeds ablate plan bare.yaml --anyway
fails 1 'sim: nothing is run twice, so that no effect can be told from noise: give scales `replicates`, or more seeds; --anyway runs it as it is' \
  ablate run bare.yaml --journal bare.journal
cat >one.yaml <<'END'
command: sh train.sh {position} gelu layer {width} {seed} 1
metric: loss
worst-loss: 5.5
factors: {position: [learned, rope]}
scales: {S1: {width: 32, replicates: 4}}
END
succeeds ablate plan one.yaml
grep -q 'beware: one scale only' out || complain 'no word about one scale'
succeeds ablate run one.yaml --quiet
succeeds ablate report one.yaml --quiet
grep -q 'No law of scale: it needs two scales' out || complain 'a law of one scale'

# ---- killed without warning, and resumed; what it had started is gone ----
study killed 'sh slow.sh {position} {ffn} {norm} {width} {seed} {rate}' >k.yaml
cat >slow.sh <<'END'
echo $$ >>pids
sh -c 'sleep 0.2'
exec sh train.sh "$@"
END
: >killed
"$ockham" ablate run k.yaml --cores 2 >killed 2>&1 &
ablating=$!
for i in $(seq 100); do
  [ "$(grep -c ': loss' killed)" -ge 4 ] && break
  sleep 0.1
done
disown $ablating
kill -9 $ablating
n_before=$(grep -c ': loss' killed)
sleep 0.2
alive=0
for pid in $(cat pids); do
  state=$(sed 's/.*) //' /proc/"$pid"/stat 2>/dev/null | cut -c1)
  [ -z "$state" ] || [ "$state" = Z ] || alive=$((alive + 1))
done
same 'runs left behind' 0 "$alive"
sed 's/^sh -c.*//' -i slow.sh
succeeds ablate run k.yaml
[ "$(grep -c ': loss' out)" -le $((78 - n_before)) ] || complain "runs that had ended were run again: $n_before before"
succeeds ablate resume k.yaml
same 'all of it' 'killed: 78 of 78 runs are done; next: ockham ablate report k.yaml' "$(cat out)"

# ---- two at a time are one too many ----
study busy 'sleep 5; sh train.sh {position} {ffn} {norm} {width} {seed} {rate}' >busy.yaml
"$ockham" ablate run busy.yaml >/dev/null 2>stopped &
first=$!
for i in $(seq 100); do
  [ -s busy.journal.runs/lock ] && break
  sleep 0.05
done
run ablate run busy.yaml --quiet
same 'a second process' 1 "$code"
grep -q "^ockham: busy.journal: process $first is writing to this journal" err || complain "$(cat err)"
kill -INT $first # as Ctrl-C
wait $first 2>/dev/null
same 'a stop' 130 $?
grep -q '^ockham: stopped after 0 of 6 runs$' stopped && grep -q 'the same command goes on' stopped || complain "stopped: $(cat stopped)"
run ablate run busy.yaml --quiet --cores 1 --scale S9
same 'the lock went with it' "ockham: --scale must be one of the study's, found 'S9'" "$(cat err)"

# ---- a job array, run by a shell in Slurm's place ----
study array 'sh train.sh {position} {ffn} {norm} {width} {seed} {rate}' >a.yaml
for round in 1 2; do
  succeeds ablate slurm a.yaml job.sh
  n=$(grep -o '^[0-9]* tasks' out | cut -d' ' -f1)
  [ "$round" = 1 ] && same 'tasks of the first round' 24 "$n"
  for task in $(seq "$n"); do SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_JOB_ID=$round sh job.sh; done
  succeeds ablate import a.yaml job.sh.runs
done
succeeds ablate slurm a.yaml job.sh
same 'tasks' 'nothing is left to run' "$(cat out)"
succeeds ablate report a.yaml --quiet
grep -q 'position learned → rope *helps *stays' out || complain 'a report of a job array'

# ---- levels of the built-in trainer that are one ----
cat >same.yaml <<'END'
corpus: c.ock
factors: {attention: [mha, gqa], norm: [rms, layer]}
scales: {S: {width: 64}}
END
fails 1 'same.yaml:2: attention=gqa beside the baseline: attention: gqa of 2 heads in 1 group is mqa: set heads and kv-heads' \
  ablate plan same.yaml
sed -i 's/width: 64/width: 128, kv-heads: 2, replicates: 2/' same.yaml
succeeds ablate plan same.yaml

# ---- another's table ----
cat >w.csv <<'END'
Name,position,ffn,norm,size,eval/loss,flos
a,rope,gelu,layer,small,1.5,1e9
b,learned,gelu,layer,small,1.6,1e9
END
study table 'sh train.sh {position} {ffn} {norm} {width} {seed} {rate}' >w.yaml
succeeds ablate import w.yaml w.csv --map loss=eval/loss --map flops=flos --set scale=S1
same 'import' '2 runs imported into w.journal' "$(cat out)"
succeeds ablate import w.yaml w.csv --map loss=eval/loss --map flops=flos --set scale=S1
same 'the same again' '0 runs imported into w.journal' "$(cat out)"
fails 2 "--map must be such as loss=eval/loss, found 'loss'" ablate import w.yaml w.csv --map loss

# ---- a table for others ----
succeeds ablate export w.yaml runs.csv
same 'export' '2 runs written to runs.csv' "$(cat out)"
succeeds ablate export w.yaml -
cmp -s out runs.csv || complain 'standard output has another table'
succeeds ablate import w.yaml runs.csv --journal again.journal
same 'import of it' '2 runs imported into again.journal' "$(cat out)"
succeeds ablate export w.yaml - --journal again.journal
cmp -s out runs.csv || complain 'it is not the same after an import'
fails 2 'runs.txt: expected a name in .csv' ablate export w.yaml runs.txt
fails 1 'no.journal: nothing has been run yet; next: ockham ablate run w.yaml' ablate export w.yaml no.csv --journal no.journal

# ---- a study that was published with its runs ----
cp "$here"/../../examples/ablation/components.{yaml,csv} .
succeeds ablate import components.yaml components.csv
same 'the example' '213 runs imported into components.journal' "$(cat out)"
succeeds ablate report components.yaml --bootstraps 200 --quiet
grep -qE '^  position learned (→|->) rope +helps' out || complain 'rotary positions do not help in the example'
grep -qE '^  joint is submultiplicative +yes' out || complain 'the gains of the example are multiplied'
grep -q 'measured: 2.9794, outside the interval' out || complain 'the held-out scale of the example'

# ---- a program of the user's ----
if command -v python3 >/dev/null; then
  ln -s "$here/../../examples" examples
  run ablate run examples/ablation/anybody.yaml --journal any.journal --commands
  same 'lines of the example' 12 "$(grep -c '^python3 ' out)"
  head -1 out | sh | grep -q '^METRIC loss=0\.[0-9]* flops=[0-9]* parameters=64$' || complain 'train.py prints no result'
fi

succeeds ablate --help
grep -q 'ockham ablate report' out || complain 'no help'
succeeds ablate run --help
grep -q -- '--retry' out || complain 'no help of run'

finish
