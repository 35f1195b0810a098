# SPDX-License-Identifier: Apache-2.0
# What must not change the answer: locale, instruction set, number of threads.
set -u
. "$(dirname "$0")/lib.sh"

cp "$data/three.csv" people.csv
clusters=(clusters people.csv --ignore group --k-max 4)

# A locale with a decimal comma, where there is one (`localedef -i de_DE -f UTF-8 de_DE.UTF-8`).
succeeds "${clusters[@]}"
mask_seconds <out >plain
succeeds generate blobs --sd 0.25
cp out blobs.csv
for locale in $(locale -a 2>/dev/null | grep -iE '^(de_DE|fr_FR|tr_TR)\.utf-?8$'); do
  LC_ALL=$locale succeeds "${clusters[@]}"
  mask_seconds <out | diff plain - || complain "$locale changes the answer"
  LC_ALL=$locale succeeds generate blobs --sd 0.25
  cmp -s out blobs.csv || complain "$locale changes numbers"
done
env LC_ALL=nosuch.UTF-8 "$ockham" "${clusters[@]}" >out || complain 'a locale that is not there is an error'
contains out '3 clusters'

# Instruction sets: the same k and sizes, on people and on more rows; those with a fused step print the same bytes.
succeeds generate blobs -k 7 --columns 5 --rows 60 --low -20 --high 20 --min-distance 8 --sd 1 --output blobs.csv
blobs_answer='7 [60, 60, 60, 60, 60, 60, 60]'
succeeds generate blobs -k 30 --columns 9 --rows 300 --sd 0.5 --output overlap.csv
for isa in reference sse2 avx2 avx512 neon; do
  export OCKHAM_ISA=$isa
  [ "$("$ockham" --version 2>/dev/null | grep -c "($isa)")" -eq 1 ] || continue
  same "people by $isa" '3 [14, 12, 10]' "$(answer people.csv --ignore group)"
  same "blobs by $isa" "$blobs_answer" "$(answer blobs.csv --label-column label)"
  case $isa in avx2 | avx512 | neon) ;; *) continue ;; esac
  succeeds clusters overlap.csv --label-column label --k-max 20 --json
  sed -E 's/"seconds": [0-9.e-]+//' out >by_$isa
  [ -s fused ] || cp by_$isa fused
  cmp -s by_$isa fused || complain "$isa gives other bytes than another instruction set"
done
unset OCKHAM_ISA

# Threads: the same bytes.
curve() { # threads
  succeeds clusters blobs.csv --label-column label --json --threads $1
  sed -E 's/"seconds": [0-9.e-]+//' out
}
curve 1 >one_thread
for n in 2 3 8; do curve $n | cmp -s one_thread - || complain "$n threads give other bytes"; done

finish
