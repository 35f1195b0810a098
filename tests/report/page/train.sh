# SPDX-License-Identifier: Apache-2.0
# train.sh POSITION HEADS INIT WIDTH SEED RATE: a trainer that trains nothing, whose law is known. "rope" is a gain that
# stays, "mqa" a harm that vanishes, "flat" does nothing but diverge at the largest rate, and one run has not left the
# plateau.
awk -v position="$1" -v heads="$2" -v init="$3" -v width="$4" -v seed="$5" -v rate="$6" 'BEGIN {
  u = (seed * 7919 + width * 104729 + length(position heads init) * 31 + 17) % 997 / 997
  v = (seed * 6151 + width * 3571 + length(position heads) * 101 + 5) % 991 / 991
  noise = 0.003 * sqrt(-2 * log(1 - u)) * cos(6.283185307 * v)
  compute = 1e6 * width ^ 3; l = log(compute / (1e6 * 64 ^ 3)); slope = 1
  y = 0.2 - 0.15 * l + 0.05 * (log(rate) / log(2)) ^ 2
  if (position == "rope") y -= 0.08
  if (heads == "mqa") y += 0.07 - 0.025 * l
  printf "METRIC flops=%.6g parameters=%d tokens=%d seconds=%.3f\n", compute, width ^ 2 * 12, width * 1000, compute / 1e9
  if (init == "flat" && rate == 2) { print "METRIC diverged=1"; exit }
  if (init == "flat" && position == "rope" && heads == "mqa" && width == 32 && seed == 2) { noise += 0.3; slope = 5 }
  printf "METRIC loss=%.6f slope=%.5f\n", 0.5 + exp(y + noise), -0.15 * exp(y) * slope
}'
