# SPDX-License-Identifier: Apache-2.0
# `ockham clusters --json`: one object on one line, with everything a program wants to know.
set -u
command -v python3 >/dev/null || exit 77
. "$(dirname "$0")/lib.sh"

cp "$data/three.csv" people.csv
sed '3s/^[^,]*/NA/' people.csv >gap.csv

# Read "what it is: expression" lines; each must be true of the object `o` in the output.
holds() {
  python3 - "$(cat)" >wrong <<'END'
import json, math, sys
o = json.load(open("out"))
for line in sys.argv[1].splitlines():
    what, expression = line.split(": ", 1)
    if not eval(expression):
        print(what)
END
  [ $? -eq 0 ] && [ ! -s wrong ] || complain "not so: $(cat wrong)"
}

succeeds clusters people.csv --label-column group --json --seed 18446744073709551615
same 'lines' 1 "$(wc -l <out)"
contains out "\"version\": \"$("$ockham" --version | cut -d' ' -f2)\""
holds <<'END'
counts: (o["n_rows"], o["n_columns"], o["k"], o["criterion"]) == (36, 2, 3, "mixture")
sizes: o["sizes"] == [14, 12, 10]
seconds: 0 <= o["seconds"] < 60
scale: o["scale"] == "none"
the largest seed comes back: o["seed"] == str(2**64 - 1)
range: [p["k"] for p in o["curve"]] == list(range(o["k_min"], o["k_max"] + 1)) and o["k_min"] == 1
flags: (o["at_edge"], o["at_lower_edge"], o["partial"]) == (False, False, False)
weight: 0.5 < o["weight"] <= 1
agreement: o["adjusted_rand"] == 1 and abs(o["adjusted_mutual_information"] - 1) < 1e-12
missing: (o["rows_dropped"], o["cells_filled"]) == (0, 0)
END

holds <<'END'
values: all(set(o["criteria"]) - {"elbow"} <= set(p) for p in o["curve"])
decided: o["criteria"]["mixture"] == 3 and o["confidence"]["n_halves"] == 20 and sum(o["confidence"]["halves"].values()) <= 20
choices: o["criteria"]["bic"] == max(o["curve"], key=lambda p: p["bic"])["k"] == 3
no silhouette for k = 1: o["curve"][0]["silhouette"] is None
END

# Inertia of 3 as scikit-learn 1.9.1 has it (KMeans, n_init=300).
holds <<'END'
inertia of 3: abs(o["curve"][2]["inertia"] - 476.968690476190) < 1e-9
the curve falls: all(a["inertia"] >= b["inertia"] for a, b in zip(o["curve"], o["curve"][1:]))
BIC is 2 ln L - p ln n: all(abs(p["bic"] - 2 * p["log_likelihood"] + 3 * p["k"] * math.log(36)) < 1e-8 for p in o["curve"] if p["model"] == "EII")
END

# Silhouettes can be left out.
succeeds clusters people.csv --ignore group --json --no-silhouette
holds <<'END'
no silhouettes: o["criteria"]["silhouette"] is None and all(p["simplified-silhouette"] is None for p in o["curve"])
END

# What a criterion cannot say is null, not left out and not NaN.
succeeds clusters people.csv --ignore group --json --criterion elbow --k-max 2
holds <<'END'
undecided: o["k"] is None and o["criteria"]["elbow"] is None and o["weight"] is None
END

succeeds clusters people.csv --ignore group --json --k-min 3 --k-max 3
holds <<'END'
no other k to compare with: o["k"] == 3 and o["weight"] is None
END
succeeds clusters people.csv --ignore group --json --k-min 4
holds <<'END'
at the lower edge: (o["k"], o["at_lower_edge"], o["at_edge"]) == (4, True, False)
END
succeeds clusters people.csv --ignore group --json --k-min 3
holds <<'END'
at the lower edge, though it is right: (o["k"], o["at_lower_edge"]) == (3, True)
END

succeeds clusters people.csv --ignore group --json --scale robust --k-min 2
holds <<'END'
scale robust, range: o["scale"] == "robust" and o["k_min"] == 2
no labels, no agreement: "adjusted_rand" not in o
END
succeeds clusters gap.csv --ignore group --json --missing drop
holds <<'END'
one row dropped: (o["n_rows"], o["rows_dropped"], o["cells_filled"]) == (35, 1, 0)
END
succeeds clusters gap.csv --ignore group --json --missing mean
holds <<'END'
one cell filled: (o["n_rows"], o["rows_dropped"], o["cells_filled"]) == (36, 0, 1)
END
succeeds clusters people.csv --ignore group --json --k-max 3
holds <<'END'
at the edge: o["at_edge"]
END

# Every criterion that `ockham criteria` lists has an answer when all are asked for.
"$ockham" criteria | grep -E '^[a-z0-9-]+$' >names
succeeds clusters people.csv --label-column group --json --all-criteria
holds <<'END'
criteria: set(o["criteria"]) == set(open("names").read().split())
END

# Each of them can decide, in words too.
while read -r name; do
  succeeds clusters people.csv --ignore group --k-max 12 --criterion "$name"
  contains out 'decides'
  succeeds clusters people.csv --ignore group --k-max 12 --criterion "$name" --json
  contains out "\"criterion\": \"$name\""
done <names

finish
