# SPDX-License-Identifier: Apache-2.0
# Training and sampling by the command: what is printed, metrics, stops and what follows them, mistakes.
set -u
. "$(dirname "$0")/lib.sh"

# A small corpus of text that is here anyway, and a model that trains in a moment.
cat "$here"/../../docs/*.md >text.md
succeeds corpus text.corpus text.md --quiet
tiny=(--set layers=1 --set width=16 --set context=16 --set batch=64 --set train-tokens=6400)

# What of the output depends on the machine: the last digits of sums by BLAS, and time.
mask_numbers() {
  sed -E 's/in [0-9.]+ s: [0-9.]+ GFLOP/in * s: * GFLOP/; s/[0-9]+\.[0-9]{4}/*/g' <out >masked && mv masked out
}

succeeds train text.corpus "${tiny[@]}" --out a.lm
mask_numbers
expect train
succeeds train --levels
expect train_levels
sed -n '/^```levels$/,/^```$/p' "$here/../../docs/train.md" | sed '1d;$d' >documented
diff -u documented out || complain 'docs/train.md has another table of levels'

# Metrics: the names are a contract; so are the values from one run to the next.
succeeds train text.corpus "${tiny[@]}" --metrics
same 'names' 'bits bits_1 bits_2 bits_3 whole train_loss flops parameters tokens seconds slope diverged' \
  "$(sed -E '/curve=/d; s/^METRIC ([a-z0-9_]+)=.*/\1/' out | paste -sd' ')"
contains out 'METRIC tokens=6400'
contains out 'METRIC diverged=0'
grep -v seconds out >metrics
succeeds train text.corpus "${tiny[@]}" --metrics
same 'again' "$(cat metrics)" "$(grep -v seconds out)"
succeeds train text.corpus "${tiny[@]}" --metrics --set rate=100 --set clip=0
contains out 'METRIC diverged=1'
contains out 'METRIC bits=8'
succeeds train text.corpus "${tiny[@]}" --metrics --set objective=mlm
contains out 'METRIC whole=nan'
printf '# a comment\n\nlayers=1\n  width=16\ncontext=16\nbatch=64\ntrain-tokens=100\n' >small.config
succeeds train text.corpus --config small.config --set train-tokens=6400 --metrics
same 'a config file' "$(cat metrics)" "$(grep -v seconds out)"

# JSON
succeeds train text.corpus "${tiny[@]}" --json --points 4
python3 - <<'PYTHON' || complain 'the JSON is not as promised'
import json
r = json.load(open("out"))
lines = [line.strip().removeprefix("METRIC ").split("=") for line in open("metrics")]
metrics = dict(line for line in lines if line[0] != "curve")
curve = [tuple(map(float, value.split(","))) for name, value in lines if name == "curve"]
assert len(curve) > 1 and curve == sorted(curve) and curve[-1] == (float(metrics["flops"]), float(metrics["bits"])), curve
assert r["config"]["width"] == "16" and r["config"]["optimizer"] == "adamw"
assert r["steps"] == 100 and len(r["curve"]) == 4 and r["curve"][-1]["step"] == 100
assert r["diverged"] is False and r["diverged_step"] is None
for name in ("bits", "bits_1", "bits_2", "bits_3", "whole", "train_loss", "parameters", "tokens"):
    assert float(metrics[name]) == r[name], name
assert r["curve"][-1]["held_bits"] == r["bits"] and r["curve"][0]["held_bits"] is None
PYTHON

# Stopped by Ctrl-C, by SIGTERM and by a kill that cannot be noticed, and gone on with: the same bits.
long=(train text.corpus --set layers=1 --set width=16 --set context=16 --set batch=64 --set train-tokens=900000 --metrics
  --held-bytes 2K --points 5)
succeeds "${long[@]}"
grep -v seconds out >whole
stop_once 'grep -q "stopped after" err' "$ockham" "${long[@]}" --out b.lm
same 'stopped' 130 "$code"
grep -qE '^ockham: stopped after [0-9]+ of 14063 steps, which b.lm keeps$' err || complain "Ctrl-C: $(cat err)"
contains err '--resume goes on from there'
succeeds "${long[@]}" --out b.lm --resume
same 'after Ctrl-C' "$(cat whole)" "$(grep -v seconds out)"
for seconds in 0.3 1 3 9; do # until it comes after training has begun
  rm -f b.lm
  timeout --preserve-status -s TERM $seconds "$ockham" "${long[@]}" --out b.lm >out 2>err
  code=$?
  grep -q 'stopped after' err && break
done
[ "$code" -eq 130 ] || [ "$code" -eq 0 ] || complain "SIGTERM: exit code $code"
succeeds "${long[@]}" --out b.lm --resume
same 'after SIGTERM' "$(cat whole)" "$(grep -v seconds out)"
rm -f b.lm
for seconds in 0.5 2 8 32; do
  { timeout -s KILL $seconds "$ockham" "${long[@]}" --out b.lm --checkpoint-seconds 0.05 >out 2>err; } 2>/dev/null
  [ -s b.lm ] && break
done
[ -s b.lm ] || complain 'no checkpoint before it was killed'
succeeds "${long[@]}" --out b.lm --resume
same 'after a kill' "$(cat whole)" "$(grep -v seconds out)"
fails 2 'b.lm was trained with train-tokens=900000, not train-tokens=6400: leave out resuming, or set that' \
  train text.corpus "${tiny[@]}" --out b.lm --resume

# Sampling
succeeds sample a.lm --length 30 --seed 3
mv out first
succeeds sample a.lm --length 30 --seed 3
same 'the same seed' "$(cat first)" "$(cat out)"
succeeds sample a.lm --length 30 --seed 4
[ "$(cat first)" != "$(cat out)" ] || complain 'another seed, the same text'
succeeds sample a.lm --prompt 'The ' --length 20 --temperature 0
[ "$(head -c 4 out)" = 'The ' ] || complain "the prompt is missing: $(cat out)"
mv out first
succeeds sample a.lm --prompt 'The ' --length 20 --top 1
same 'top 1 is the likeliest' "$(cat first)" "$(cat out)"
succeeds train text.corpus "${tiny[@]}" --set order=reverse --out r.lm
succeeds sample r.lm --prompt ' the end.' --length 20
grep -q ' the end.$' out || complain "the prompt is not at the end: $(cat out)"

# Mistakes
fails 2 'train needs a corpus, which `ockham corpus` makes of text' train
fails 2 '--levels takes no corpus' train text.corpus --levels
fails 2 '--resume goes on from a file: --out FILE' train text.corpus --resume
fails 2 '--metrics and --json are two ways to print the same' train text.corpus --metrics --json
fails 2 "norm: expected one of rms, layer, found 'batch'" train text.corpus --set norm=batch
printf 'width=32\nnorm=batch\n' >bad.config
fails 2 "bad.config, line 2: norm: expected one of rms, layer, found 'batch'" train text.corpus --config bad.config
fails 1 'none.config: cannot be opened' train text.corpus --config none.config
fails 1 'none.corpus: cannot be opened: No such file or directory' train none.corpus
fails 1 "text.md: not a corpus; \`ockham corpus\` makes one of text" train text.md
fails 1 "text.corpus: holds 'TEXT' (byte 12), expected 'LMCK'" sample text.corpus
fails 2 '--temperature must be 0 or more' sample a.lm --temperature -1
fails 2 '--out would overwrite a file that is read' train text.corpus --out text.corpus
finish
