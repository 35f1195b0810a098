# SPDX-License-Identifier: Apache-2.0
# fit --method x-means and g-means: what is printed, the files that come of it, and what does not go together.
set -u
. "$(dirname "$0")/lib.sh"

cp "$data/three.csv" people.csv
better='looks at one cluster at a time; `ockham clusters` compares every k'

succeeds fit people.csv --method g-means --label-column group --model people.model --labels labels.csv
same 'G-means' "3 clusters of 36 rows by G-means, inertia 476.96869, converged after 3 steps
G-means $better
against the 3 known labels: adjusted Rand 1.000, adjusted mutual information 1.000" "$(cat out)"
succeeds fit people.csv --method x-means --ignore group
same 'X-means' "3 clusters of 36 rows by X-means, inertia 476.96869, converged after 3 steps
X-means $better" "$(cat out)"
succeeds fit people.csv --method=g-means --ignore group --k-max 2
same 'a limit' 'G-means stopped at --k-max 2: clusters may still ask to be split' "$(sed -n 2p out)"
succeeds fit people.csv --method g-means --ignore group --k-min 5 --k-max 5 --quiet
same 'at least 5' 5 "$(cut -d' ' -f1 out | head -1)"
succeeds fit people.csv --method g-means --ignore group --alpha 1e-12
same 'a small alpha' 1 "$(cut -d' ' -f1 out | head -1)"
succeeds fit people.csv --method k-means -k 3 --ignore group
same 'k-means by its name' '3 clusters of 36 rows, inertia 476.96869, converged after 2 steps' "$(cat out)"

# Nine clusters in a square: no half of it is better than all of it.
succeeds generate blobs -k 9 --rows 80 --sd 0.02 --seed 2 --output drawn.csv
awk -F, -v OFS=, 'NR == 1 { print; next } { n[$3]++; x[$3] += $1; y[$3] += $2; row[NR] = $0 }
  END { for (i = 2; i <= NR; i++) { split(row[i], c, ","); j = c[3]
    print c[1] - x[j] / n[j] + int((j - 1) / 3), c[2] - y[j] / n[j] + (j - 1) % 3, j } }' drawn.csv >square.csv
succeeds fit square.csv --method x-means --label-column label
same 'X-means stays at 1' "1 X-means often stays at 1, since two halves with many clusters each are hardly better; --k-min 2 begins after it" \
  "$(sed -n '1s/ .*//p; 2p' out | paste -sd ' ')"
succeeds fit square.csv --method x-means --label-column label --k-min 2
same 'from 2 on' 9 "$(cut -d' ' -f1 out | head -1)"
succeeds fit square.csv --method x-means --label-column label --k-min 2 --bic printed
same 'as printed' 9 "$(cut -d' ' -f1 out | head -1)"

# Models and labels are like those of a given k.
succeeds predict people.model people.csv
cut -d, -f1,2 out | diff labels.csv - || complain 'predict has other labels than fit'
succeeds show people.model
contains out 'k by: g-means'
awk -F, -v OFS=, '{ print $0, NR == 1 ? "times" : 2 }' people.csv >weighted.csv
succeeds fit weighted.csv --method g-means --ignore group --weights times
contains out '3 clusters of 36 rows of weight 72 by G-means, inertia 953.93738'

# What does not go together.
fails 2 'g-means finds the number of clusters itself; leave out -k, or bound it by --k-min and --k-max' \
  fit people.csv --method g-means -k 3
fails 2 '--k-min and --k-max are for --method x-means and g-means' fit people.csv -k 3 --k-max 4
fails 2 'x-means takes neither --restarts nor --max-iterations' fit people.csv --method x-means --restarts 2
fails 2 'g-means takes neither --restarts nor --max-iterations' fit people.csv --method g-means --max-iterations 2
fails 2 '--alpha is for --method g-means' fit people.csv --method x-means --alpha 0.01
fails 2 '--bic is for --method x-means' fit people.csv --method g-means --bic printed
fails 2 '--bic must be one of corrected, printed, found '"'"'paper'"'"'' fit people.csv --method x-means --bic paper
fails 2 "--method must be one of k-means, x-means, g-means, found 'gmeans'" fit people.csv --method gmeans
fails 2 'the least k, 9, must not exceed the largest, 3' fit people.csv --ignore group --method x-means --k-min 9 --k-max 3
fails 2 'k must be at most the number of rows, 36, found 37' fit people.csv --ignore group --method x-means --k-min 37
fails 2 'alpha must be between 0 and 1, found 1' fit people.csv --ignore group --method g-means --alpha 1

finish
