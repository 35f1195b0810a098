# SPDX-License-Identifier: Apache-2.0
# clusters --memory: files larger than the memory they may take.
set -u
command -v python3 >/dev/null || exit 77
. "$(dirname "$0")/lib.sh"

# One table in all formats, with a column of known labels; the memory is the least that is allowed.
succeeds generate blobs -k 5 --rows 6000 --columns 3 --min-distance 0.9 --output labelled.csv
cut -d, -f1-3 labelled.csv >table.csv
in_passes() { # arguments ...
  succeeds clusters --memory 16M --k-max 12 "$@"
}

in_passes table.csv
contains out '5 clusters'
contains out '  searched on 30,000 of 30,000 rows, measured on all in 2 passes'
in_passes table.csv --json --threads 1
grep -o '"curve": .*' out >curve
grep -o '"k": [0-9]*, "criterion"' out >answer
contains out '"searched_rows": 30000, "passes": 2'
succeeds clusters table.csv --k-max 12 --json
contains out '"searched_rows": 30000, "passes": 0'
same 'the answer without --memory' "$(grep -o '"k": [0-9]*, "criterion"' out)" "$(cat answer)"

same_curve() { # arguments ...
  in_passes --json "$@"
  grep -o '"curve": .*' out | cmp -s curve - || complain "$*: not the curve of table.csv"
}
same_curve table.csv --threads 3
same_curve labelled.csv --ignore label
same_curve labelled.csv --columns 1,2,3
gzip -kn table.csv && same_curve table.csv.gz
python3 - <<'END'
import csv, sqlite3, struct
rows = [tuple(map(float, row)) for row in list(csv.reader(open("table.csv")))[1:]]
text = str({"descr": "<f8", "fortran_order": False, "shape": (len(rows), 3)})
text += " " * (-(10 + len(text) + 1) % 64) + "\n"
with open("table.npy", "wb") as out:
    out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode())
    for row in rows:
        out.write(struct.pack("<3d", *row))
with sqlite3.connect("table.db") as database:
    database.execute("create table t (x1 real, x2 real, x3 real)")
    database.executemany("insert into t values (?, ?, ?)", rows)
try:
    import h5py
    h5py.File("table.h5", "w")["t"] = rows
except ImportError:
    pass
END
same_curve table.npy
run criteria --help # which formats this build has is seen from what it says of them
for file in table.db table.h5; do
  [ -f $file ] || continue
  run clusters $file --k-max 2
  grep -q 'this build' err || same_curve $file
done
run clusters table.db --k-max 2
grep -q 'this build' err || same_curve table.db --query 'select x1, x2, x3 from t order by rowid'

# Known labels, and the files: labels are those of predict, and centroids have the inertia that is said.
in_passes labelled.csv --label-column label --labels labels.csv --model a.model --centroids centroids.csv --json
contains out '"adjusted_rand": 0.99'
mv out report
succeeds predict a.model labelled.csv --output predicted.csv
cut -d, -f1,2 predicted.csv | cmp -s - labels.csv || complain 'labels are not those of predict'
python3 - >wrong <<'END'
import csv, json, math
o = json.load(open("report"))
rows = [list(map(float, row[:3])) for row in list(csv.reader(open("labelled.csv")))[1:]]
centroids = [list(map(float, row)) for row in list(csv.reader(open("centroids.csv")))[1:]]
labels = [int(row[1]) for row in list(csv.reader(open("labels.csv")))[1:]]
inertia = math.fsum(math.dist(row, centroids[label][2:]) ** 2 for row, label in zip(rows, labels))
found = o["curve"][o["k"] - 1]["inertia"]
if abs(found - inertia) > 1e-9 * inertia: print("inertia", found, inertia)
if o["sizes"] != [labels.count(j) for j in range(o["k"])]: print("sizes")
if [c[1] for c in centroids] != o["sizes"]: print("sizes of centroids")
END
[ -s wrong ] && complain "wrong: $(cat wrong)"
in_passes labelled.csv --label-column label --labels labels.npy
same 'labels as NPY' $((128 + 30000 * 2 * 8)) "$(stat -c %s labels.npy)"

# Scaling.
awk -F, 'NR == 1 || $1 *= 1000' OFS=, table.csv >uneven.csv
for scale in auto standard; do
  in_passes uneven.csv --scale $scale --model b.model --json
  contains out '"scale": "standard"'
  same "--scale $scale" "$(cat answer)" "$(grep -o '"k": [0-9]*, "criterion"' out)"
done
run clusters uneven.csv --memory 16M --k-max 12 --scale robust
same 'robust' 0 "$code"

# Missing cells.
awk 'NR == 20002 { $0 = "1,NA,2" } { print }' table.csv >gap.csv
run clusters gap.csv
fails 1 "$(sed 's/^ockham: //' err)" clusters gap.csv --memory 16M
in_passes gap.csv --missing drop --labels gap_labels.csv
contains out '29,999 of 29,999 rows'
contains out '1 row with missing values left out'
same 'the row after the gap' "20000,20002" "$(sed -n '20001,20002s/,.*//p' gap_labels.csv | paste -sd,)"
{ echo a,b; for _ in 1 2 3; do echo NA,1; done; } >nothing.csv
fails 1 'nothing.csv: no rows are left: all 3 have a missing or infinite cell' clusters nothing.csv --memory 16M \
  --missing drop
echo a,b >empty.csv
run clusters empty.csv
fails 1 "$(sed 's/^ockham: //' err)" clusters empty.csv --memory 16M

# Notes.
awk 'NR == 1 { print "id," $0; next } { print NR - 1 "," $0 }' table.csv >numbered.csv
run clusters numbered.csv --memory 16M --k-max 3
contains err "note: column 'id' only numbers the rows"

# A table that fits is read whole.
cp "$data/three.csv" people.csv
succeeds clusters people.csv --ignore group --json
sed 's/"seconds": [^,]*//' out >whole
succeeds clusters people.csv --ignore group --json --memory 1G
sed 's/"seconds": [^,]*//' out | cmp -s whole - || complain 'a table that fits is not read as without --memory'

# What is refused.
fails 2 '--memory needs a file: standard input cannot be read more than once' clusters - --memory 1G
fails 2 '--missing mean needs the whole table; --memory takes error or drop' clusters table.csv --memory 1G \
  --missing mean
fails 2 '--weights needs the whole table; it cannot be given with --memory' clusters table.csv --memory 1G --weights x1
fails 2 '--exact needs the whole table; it cannot be given with --memory' clusters table.csv --memory 1G --exact
fails 2 "criterion 'gamma' needs all rows in memory" clusters table.csv --memory 16M --criterion gamma
in_passes table.csv --all-criteria
grep -q gamma out && complain 'pairs of rows that are not there'
fails 2 'for 3 columns and k up to 60 at least 16M of memory are needed' clusters table.csv --memory 15M
for size in 0 x 5T 1.5G -1 2GB 99999999999G ''; do
  fails 2 "--memory must be a number of bytes such as 500M or 2G, found '$size'" clusters table.csv "--memory=$size"
done
mkfifo pipe
cat table.csv >pipe 2>/dev/null &
fails 2 'pipe: cannot be read twice, for it is not a regular file' clusters pipe --memory 16M
wait

# Ctrl-C in the search: nothing is known of all rows yet.
stop_once 'grep -q "stopped before" err' "$ockham" clusters table.csv --memory 16M --restarts 1000000
same 'Ctrl-C' 130 "$code"
same 'no answer' '' "$(cat out)"
same 'one line' 1 "$(grep -c '^ockham: stopped before ' err)"

# Memory: what the kernel counts, with 10 MiB for the program. (Sanitizers need more.)
is_sanitized && finish
succeeds generate blobs --rows 200000 --columns 10 --output long.npy
peak() { # arguments ...
  python3 - "$ockham" clusters long.npy --k-max 3 "$@" <<'END'
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if code == 0 else "failed")
END
}
whole=$(peak) passes=$(peak --memory 16M)
[ "$passes" -lt $(((16 + 10) * 1024)) ] || complain "16M: the peak is $passes KiB ($whole in memory)"

finish
