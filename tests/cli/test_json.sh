# SPDX-License-Identifier: Apache-2.0
# `ockham clusters --json`: one object on one line, with everything a program wants to know.
set -u
command -v python3 >/dev/null || exit 77
. "$(dirname "$0")/lib.sh"

cp "$data/three.csv" people.csv
sed '3s/^[^,]*/NA/' people.csv >gap.csv

check() { # what it is, expression that must be true
  same "$1" True "$(json "$2")"
}

succeeds clusters people.csv --label-column group --json --seed 18446744073709551615
same 'lines' 1 "$(wc -l <out)"
check 'counts' '(o["n_rows"], o["n_columns"], o["k"], o["criterion"]) == (36, 2, 3, "bic")'
check 'sizes' 'o["sizes"] == [14, 12, 10]'
check 'seconds' '0 <= o["seconds"] < 60'
check 'scale' 'o["scale"] == "none"'
check 'the largest seed comes back' 'o["seed"] == str(2**64 - 1)'
check 'version' 'o["version"] == "'"$("$ockham" --version | cut -d' ' -f2)"'"'
check 'range' '[p["k"] for p in o["curve"]] == list(range(o["k_min"], o["k_max"] + 1)) and o["k_min"] == 1'
check 'flags' '(o["at_edge"], o["partial"]) == (False, False)'
check 'weight' '0.5 < o["weight"] <= 1'
check 'agreement' 'o["adjusted_rand"] == 1 and abs(o["adjusted_mutual_information"] - 1) < 1e-12'
check 'missing' '(o["rows_dropped"], o["cells_filled"]) == (0, 0)'

# Every criterion that `ockham criteria` lists has an answer in the object, and all but the knee a value in the curve.
names=$("$ockham" criteria | grep -E '^[a-z-]+$' | sort | paste -sd ' ')
same 'criteria' "$names" "$(json '" ".join(sorted(o["criteria"]))')"
check 'values' 'all(set(o["criteria"]) - {"elbow"} <= set(p) for p in o["curve"])'
check 'choices' 'o["criteria"]["bic"] == max(o["curve"], key=lambda p: p["bic"])["k"] == 3'
check 'no silhouette for k = 1' 'o["curve"][0]["silhouette"] is None'

# Inertia as scikit-learn 1.9.1 has it (KMeans, n_init=300); k = 1 is n times the variance of numpy.
check 'inertia of 3' 'abs(o["curve"][2]["inertia"] - 476.968690476190) < 1e-9'
check 'the curve falls' 'all(a["inertia"] >= b["inertia"] for a, b in zip(o["curve"], o["curve"][1:]))'
check 'BIC is 2 ln L - p ln n' 'all(abs(p["bic"] - 2 * p["log_likelihood"] + p["k"] * 3 * __import__("math").log(36))
  < 1e-9 * abs(p["bic"]) for p in o["curve"] if p["model"] == "EII")'

# What a criterion cannot say is null, not left out and not NaN.
succeeds clusters people.csv --ignore group --json --criterion elbow --k-max 2
check 'undecided' 'o["k"] is None and o["criteria"]["elbow"] is None and o["weight"] is None'

succeeds clusters people.csv --ignore group --json --scale robust --k-min 2
check 'scale robust, range' 'o["scale"] == "robust" and o["k_min"] == 2'
check 'no labels, no agreement' '"adjusted_rand" not in o'
succeeds clusters gap.csv --ignore group --json --missing drop
check 'one row dropped' '(o["n_rows"], o["rows_dropped"], o["cells_filled"]) == (35, 1, 0)'
succeeds clusters gap.csv --ignore group --json --missing mean
check 'one cell filled' '(o["n_rows"], o["rows_dropped"], o["cells_filled"]) == (36, 0, 1)'
succeeds clusters people.csv --ignore group --json --k-max 3
check 'at the edge' 'o["at_edge"]'

finish
