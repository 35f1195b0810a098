# SPDX-License-Identifier: Apache-2.0
# Mixtures: one with a given k, and in the search for k.
set -u
. "$(dirname "$0")/lib.sh"

penguins=$here/../../examples/data/penguins.csv
columns=(--ignore island,sex,year --label-column species --missing drop)

# Three species, of which one has two sexes far apart (mclust 6.0.0 says VEE, 4), where BIC of k-means finds seven groups.
succeeds clusters "$penguins" "${columns[@]}" --json
same 'penguins' '"k": 4, "criterion": "mixture"' "$(grep -o '"k": [0-9]*, "criterion": "[a-z]*"' out)"
grep -q '"mixture_family": "[A-Z]*", "mixture_tail": ' out || complain 'the family is not told'
succeeds clusters "$penguins" "${columns[@]}" --mixtures --criterion bic
contains out 'BIC of mixtures               4'
contains out 'ICL of mixtures               3'
contains out '7 clusters'
succeeds clusters "$penguins" "${columns[@]}" --criterion bic
grep -q 'of mixtures' out && complain 'mixtures that nobody asked for'

# One k: what is said, and the files.
succeeds mixture "$penguins" "${columns[@]}" -k 3 --tails --labels labels.csv --probabilities p.csv
contains out '3 components of 342 rows, family'
contains out 'adjusted Rand 0.9'
same 'labels' 343 "$(wc -l <labels.csv)"
same 'the header' 'row,p0,p1,p2' "$(head -n 1 p.csv)"
same 'probabilities sum to 1' 0 "$(awk -F, 'NR > 1 && ($2 + $3 + $4 - 1) ^ 2 > 1e-20' p.csv | wc -l)"
same 'the label is the most probable' 0 \
  "$(paste -d, labels.csv p.csv | awk -F, 'NR > 1 { m = 0; for (j = 1; j < 3; j++) if ($(4 + j) > $(4 + m)) m = j
     if (m != $2) print }' | wc -l)"
succeeds mixture "$penguins" "${columns[@]}" -k 3 --family vvv
contains out 'family VVV: ellipsoids'
succeeds mixture "$penguins" "${columns[@]}" -k 3
mv out loud
succeeds mixture "$penguins" "${columns[@]}" -k 3 --quiet
same 'quiet' "$(cat loud)" "$(cat out)"

# A model: it labels its own rows as mixture did, to the last digit.
mixture=("$penguins" "${columns[@]}" -k 3 --family VVV)
succeeds mixture "${mixture[@]}" --model penguins.model --labels labels.csv --probabilities p.csv --quiet
succeeds predict penguins.model "$penguins" --missing drop --probabilities p2.csv --output predicted.csv
cmp -s p.csv p2.csv || complain 'predict has other probabilities than mixture'
cut -d, -f1,2 predicted.csv | cmp -s - labels.csv || complain 'predict has other labels than mixture'
same 'the header of predict' 'row,cluster,probability,log_density' "$(head -n 1 predicted.csv)"
same 'the probability is that of the label' '' \
  "$(paste -d, predicted.csv p.csv | awk -F, 'NR > 1 && $3 != $(6 + $2)' | head -n 3)"
for threads in 1 2 3; do
  succeeds predict penguins.model "$penguins" --missing drop --threads $threads
  cmp -s out predicted.csv || complain "other bits for $threads threads"
done
succeeds predict penguins.model "$penguins" --missing drop --output predicted.npy --probabilities p.npy
same 'NPY' $((128 + 342 * 4 * 8)) "$(stat -c %s predicted.npy)"
same 'probabilities as NPY' $((128 + 342 * 4 * 8)) "$(stat -c %s p.npy)"

# What show says is what mixture said.
succeeds show penguins.model
contains out 'mixture, 3 components, 4 columns, standardised (mean 0, standard deviation 1)'
contains out 'fitted on 342 rows with seed 0; k by: given'
contains out 'family VVV: ellipsoids'
grep -e '^log-likelihood' -e '^  ' out >shown
succeeds mixture "${mixture[@]}"
grep -e '^log-likelihood' -e '^  ' out | diff - shown || complain 'show says otherwise than mixture'
same 'densities multiply to the likelihood' "$(sed -n 's/^log-likelihood \([^,]*\),.*/\1/p' shown)" \
  "$(awk -F, 'NR > 1 { sum += $4 } END { printf "%.9g", sum }' predicted.csv)"

# A row that is like none of the species: its density says so, its probability does not.
{ head -n 1 "$penguins"; sed -n 2p "$penguins"; echo 'none,here,60,12,150,9000,male,2009'; } >odd.csv
succeeds predict penguins.model odd.csv
same 'a row that fits no component' 2 "$(awk -F, '$3 > 0.99 && $4 < -100 { print $1 }' out)"
echo 'none,here,1e200,12,150,9000,male,2009' >>odd.csv
fails 1 'odd.csv: row 3 is so far from every component that its squared distance overflows' \
  predict penguins.model odd.csv --output never.csv
[ -e never.csv ] && complain 'a failed predict left a file'

# Many blocks of rows, and weights.
awk 'BEGIN { print "x,w"; for (i = 0; i < 80000; i++) print (i % 3) * 20 + i * 7919 % 1000 / 500 "," 1 + i % 2 }' >long.csv
succeeds mixture long.csv -k 3 --family EII --weights w --model long.model --labels long_labels.csv --quiet
succeeds predict long.model long.csv --threads 1 --output one.csv --probabilities p_one.csv
succeeds predict long.model long.csv --threads 3 --output many.csv --probabilities p_many.csv
cmp -s one.csv many.csv && cmp -s p_one.csv p_many.csv || complain 'other bits for more threads'
cut -d, -f1,2 one.csv | cmp -s - long_labels.csv || complain 'many blocks get other labels than mixture gave'

# A model of k-means has no probabilities, and damage is seen.
succeeds fit "$penguins" "${columns[@]}" -k 3 --model centroids.model --quiet
fails 2 '--probabilities needs a model with a mixture, found one of k-means' \
  predict centroids.model "$penguins" --missing drop --probabilities never.csv
size=$(stat -c %s penguins.model)
for ((i = 0; i < size; i += 101)); do
  head -c $i penguins.model >cut.model
  run show cut.model
  [ "$code" -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] || complain "cut at $i: exit code $code"
  cp penguins.model flipped.model
  byte=$(od -An -tu1 -j $i -N1 penguins.model)
  printf "\\x$(printf %x $((byte ^ 16)))" | dd of=flipped.model bs=1 seek=$i conv=notrunc status=none
  run predict flipped.model "$penguins"
  [ "$code" -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] || complain "byte $i flipped: exit code $code"
done

# More columns than rows: matrices are left out, unless they are asked for; and that can be stopped.
awk 'BEGIN { for (i = 0; i < 12; i++) for (l = 0; l < 1200; l++)
  printf "%d%s", (i * i * (l + 3) + l * 104729) % 1009, l < 1199 ? "," : "\n" }' >wide.csv
succeeds mixture wide.csv -k 2
grep -q 'family [EV][EVI]I:' out || complain 'a family of any orientation for 12 rows of 1200 columns'
interrupt 1 "$ockham" mixture wide.csv -k 2 --family EVE
same 'Ctrl-C in a step of many columns' 130 "$code"
same 'what is said of it' 'ockham: stopped before the mixture was fitted' "$(tail -n 1 err)"

# A constant column: only spheres have room for it.
awk 'BEGIN { print "a,b"; for (i = 0; i < 50; i++) print i * 37 % 50 "," 7 }' >constant.csv
succeeds mixture constant.csv -k 1
contains out 'column b is constant: spheres alone can be fitted, and are too small; --ignore leaves it out'
grep -q 'family [EV]II:' out || complain 'a family that a constant column has no place in'
fails 1 'constant.csv: no family can be fitted with 1 component: columns do not vary, or rows are too few' \
  mixture constant.csv -k 1 --family VVI,EEE
succeeds mixture constant.csv -k 1 --ignore b
grep -q 'is constant' out && complain 'a constant column that was left out'

# Bad input.
fails 2 'mixture needs the number of components: -k K' mixture "$penguins"
fails 2 "expected families such as EII,VVV, found 'round'" mixture "$penguins" "${columns[@]}" -k 3 --family round
fails 2 'k must be at most the number of rows, 342, found 343' mixture "$penguins" "${columns[@]}" -k 343
succeeds mixture "$penguins" "${columns[@]}" -k 3 --family EEE --max-steps 2 --seed 1 --restarts 2
contains out 'not converged after 2 steps'

finish
