# SPDX-License-Identifier: Apache-2.0
# Mixtures: one with a given k, and in the search for k.
set -u
. "$(dirname "$0")/lib.sh"

penguins=$here/../../examples/data/penguins.csv
columns=(--ignore island,sex,year --label-column species --missing drop)

# Three species, where BIC of k-means finds seven groups.
succeeds clusters "$penguins" "${columns[@]}" --criterion mixture --json
same 'penguins' '"k": 3, "criterion": "mixture"' "$(grep -o '"k": [0-9]*, "criterion": "[a-z]*"' out)"
grep -q '"mixture_family": "[A-Z]*", "mixture_tail": ' out || complain 'the family is not told'
succeeds clusters "$penguins" "${columns[@]}" --mixtures
contains out 'BIC of mixtures               3'
contains out 'ICL of mixtures               3'
succeeds clusters "$penguins" "${columns[@]}"
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
succeeds mixture "$penguins" "${columns[@]}" -k 3 --quiet
same 'quiet' '' "$(cat out)"

# Bad input.
fails 2 'mixture needs the number of components: -k K' mixture "$penguins"
fails 2 "expected families such as EII,VVV, found 'round'" mixture "$penguins" "${columns[@]}" -k 3 --family round
fails 2 'k must be at most the number of rows, 342, found 343' mixture "$penguins" "${columns[@]}" -k 343
succeeds mixture "$penguins" "${columns[@]}" -k 3 --family EEE --max-steps 2 --seed 1 --restarts 2
contains out 'not converged after 2 steps'

finish
