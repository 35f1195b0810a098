# SPDX-License-Identifier: Apache-2.0
"""Which k, by every criterion and by the verdict: thirty published sets, tables without clusters, and blobs that come
nearer to each other step by step. `bench/run verdict` writes verdict.md and verdict-power.svg; --draws sets how many
tables without clusters are drawn a kind, --only writes one part anew (sets, time, nulls, power), --like only those lines
without clusters that hold a text, such as "Gaussian, correlated | 50"."""
import argparse
import concurrent.futures
import csv
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
from sklearn.cluster import KMeans

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data" / "known-k"
OCKHAM = os.environ["OCKHAM"]
RIGHT = {"iris": (2, 3)}
TITLES = ("## Thirty published sets", "## Time", "## No clusters", "## Nearer and nearer")
SLOW = {"birch1"}  # the usual criteria only
MCLUST = """
suppressMessages(library(mclust))
for (path in commandArgs(TRUE)) {
  x <- as.matrix(read.csv(path, header = FALSE))
  cat(Mclust(x, G = 1:6, verbose = FALSE)$G, "")
}
"""


def ask(path, *options):
    """The answer with one thread, as an object."""
    command = [OCKHAM, "clusters", str(path), "--json", "--quiet", *options]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


# ---- published sets ----


def try_sets():
    rows = []
    for set_ in csv.DictReader((DATA / "index.csv").open()):
        name, true_k = set_["name"], int(set_["true_k"])
        options = ["--label-column", "label"] if set_["labelled"] == "1" else []
        start = time.time()
        answer = ask(DATA / f"{name}.csv", *options)
        seconds = time.time() - start
        start = time.time()
        more = [] if name in SLOW else ["--all-criteria"]
        everything = ask(DATA / f"{name}.csv", "--k-max", str(max(20, 2 * true_k)), *more, *options)
        rows.append({"name": name, "true": true_k, "k": answer["k"], "seconds": seconds, "weight": answer["weight"],
                     "confidence": answer.get("confidence", {}), "criteria": everything["criteria"], "all": time.time() - start})
        print(name, true_k, answer["k"], f"{seconds:.2f} s, all criteria {rows[-1]['all']:.1f} s", flush=True)
    return rows


def is_right(row, k):
    return k in RIGHT.get(row["name"], (row["true"],))


def render_sets(rows):
    names = list(rows[0]["criteria"])
    lines = ["## Thirty published sets", "",
             "The verdict is `ockham clusters FILE`; halves: how many of 20 random halves of the rows say the same. Seconds with reading and starting.", "",
             "| set | true k | verdict | posterior weight | halves | seconds | seconds, every criterion |", "|---|---|---|---|---|---|---|"]
    for r in rows:
        halves = r["confidence"].get("halves", {}).get(str(r["k"]), 0)
        said = f"{halves} of {r['confidence'].get('n_halves', 0)}" if r["confidence"] else "–"
        weight = f"{r['weight']:.3f}" if r["weight"] is not None else "–"
        mark = f"**{r['k']}**" if is_right(r, r["k"]) else str(r["k"])
        lines.append(f"| {r['name']} | {r['true']} | {mark} | {weight} | {said} | {r['seconds']:.2f} | {r['all']:.1f} |")
    n_right = sum(is_right(r, r["k"]) for r in rows)
    error = np.mean([0 if is_right(r, r["k"]) else abs(r["k"] - r["true"]) for r in rows])
    lines += [f"| **right** | | **{n_right} of {len(rows)}** | | | {sum(r['seconds'] for r in rows):.0f} | {sum(r['all'] for r in rows):.0f} |", "",
              f"Mean |error| {error:.2f}. iris counts as right with 2 or 3: two of its three species are one cloud to every measurement.", "",
              "### Every criterion", "", "Right on so many of the thirty, k up to the larger of 20 and twice the true k; and what it says where it is wrong (–: no answer). birch1 was only asked the usual ones.", "",
              "| criterion | right | wrong |", "|---|---|---|"]
    counts = {c: [r for r in rows if is_right(r, r["criteria"].get(c, 0))] for c in names}
    for c in sorted(names, key=lambda c: (-len(counts[c]), c)):
        said = {r["name"]: r["criteria"].get(c) for r in rows if r not in counts[c] and (c in r["criteria"] or r["name"] not in SLOW)}
        wrong = [f"{name} {'–' if k is None else k}" for name, k in said.items()]
        lines.append(f"| {c} | {len(counts[c])} | {', '.join(wrong)} |")
    return lines


# ---- time ----


def try_time():
    """All that the verdict needs, k up to 30, beside a loop of scikit-learn's k-means over the same k."""
    lines = ["## Time", "", "k = 1 to 30, seconds: the whole command with all that the verdict needs (least of three), and one loop of scikit-learn's",
             "`KMeans(k, n_init=10).fit(x)` over the same k, which then still has to choose one.", "", "| set | rows | ockham | scikit-learn | ratio |", "|---|---|---|---|---|"]
    for name in ("s-set1", "s-set3", "a1", "engytime", "unbalance"):
        path = DATA / f"{name}.csv"
        with path.open() as file:
            rows = list(csv.reader(file))
        try:
            float(rows[0][0])
        except ValueError:
            rows = rows[1:]
        x = np.array(rows, float)[:, :2]
        with tempfile.NamedTemporaryFile(suffix=".npy") as file:
            np.save(file.name, x)
            own = []
            for _ in range(3):
                start = time.time()
                ask(file.name, "--k-max", "30")
                own.append(time.time() - start)
        start = time.time()
        for k in range(1, 31):
            KMeans(k, n_init=10, random_state=0).fit(x)
        peer = time.time() - start
        lines.append(f"| {name} | {len(x)} | {min(own):.2f} | {peer:.2f} | {peer / min(own):.1f} |")
        print(lines[-1], flush=True)
    return lines


# ---- no clusters ----


def correlated(rng, n, d):
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d))


NULLS = [(name, draw, d, n, scale) for name, draw, ds, scale in [
    ("Gaussian, round", lambda rng, n, d: rng.normal(size=(n, d)), (2, 10, 50), "auto"),
    ("Gaussian, correlated", correlated, (2, 10, 50), "auto"),
    ("uniform in a square", lambda rng, n, d: rng.uniform(size=(n, d)), (2,), "auto"),
    ("t with 3 degrees of freedom", lambda rng, n, d: rng.normal(size=(n, d)) / np.sqrt(rng.chisquare(3, size=(n, 1)) / 3), (2, 10), "auto"),
    ("log-normal, standardised", lambda rng, n, d: np.exp(rng.normal(size=(n, d))), (2, 10), "standard"),
    ("exponential", lambda rng, n, d: rng.exponential(size=(n, d)), (2,), "auto"),
    ("uniform in a disk", lambda rng, n, d: (lambda r, a: np.c_[r * np.cos(a), r * np.sin(a)])(np.sqrt(rng.uniform(size=n)), rng.uniform(0, 2 * np.pi, size=n)), (2,), "auto"),
] for d in ds for n in (100, 1000)]


def null_draw(job):
    number, draw, folder = job
    name, make, d, n, scale = NULLS[number]
    path = f"{folder}/null-{number}-{draw}.npy"
    np.save(path, make(np.random.default_rng([number, draw]), n, d))
    k = ask(path, "--no-silhouette", "--threads", "1", "--scale", scale)["k"]
    os.unlink(path)
    return k


def try_nulls(draws, pool, folder, like="", before=()):
    """before: lines of another run, kept where they are not like this."""
    lines = ["## No clusters", "", f"{draws} draws a line; how often the verdict is 1.", "",
             "| rows | d | n | k = 1 | most common otherwise |", "|---|---|---|---|---|"]
    for number, (name, _, d, n, _) in enumerate(NULLS):
        head = f"| {name} | {d} | {n} |"
        if like not in head:
            lines += [line for line in before if line.startswith(head)]
            continue
        ks = list(pool.map(null_draw, [(number, draw, folder) for draw in range(draws)]))
        others = [k for k in ks if k != 1]
        lines.append(f"{head} {100 * ks.count(1) / draws:.1f} % | {max(set(others), key=others.count) if others else '–'} |")
        print(lines[-1], flush=True)
    return lines


# ---- nearer and nearer ----

MCLUST_COLUMNS = 10  # of more it takes too long
DIMENSIONS, SEPARATIONS, TRUE_K = (2, 10, 50), (6, 5, 4, 3.5, 3, 2.5, 2, 1.5), 3
CURVES = ["verdict", "bic", "silhouette", "gap", "mclust"]


def power_draw(job):
    d, separation, draw, folder = job
    rng = np.random.default_rng([d, int(separation * 10), draw])
    centres = np.zeros((TRUE_K, d))  # a regular triangle in a random plane
    angles = 2 * np.pi * np.arange(TRUE_K) / TRUE_K
    plane = np.linalg.qr(rng.normal(size=(d, 2)))[0]
    centres = (separation / np.sqrt(3)) * np.c_[np.cos(angles), np.sin(angles)] @ plane.T
    x = np.vstack([rng.normal(size=(100, d)) + c for c in centres])
    path = f"{folder}/power-{d}-{separation}-{draw}"
    np.save(path + ".npy", x)
    np.savetxt(path + ".csv", x, delimiter=",", fmt="%.12g")
    answer = ask(path + ".npy", "--threads", "1", "--scale", "none", "--k-max", "6")
    gap = ask(path + ".npy", "--threads", "1", "--scale", "none", "--k-max", "6", "--criterion", "gap")
    ks = {"verdict": answer["k"], "bic": answer["criteria"]["bic"], "silhouette": answer["criteria"]["silhouette"], "gap": gap["criteria"]["gap"], "mclust": None}
    if d <= MCLUST_COLUMNS and shutil.which("Rscript"):
        ks["mclust"] = int(subprocess.run(["Rscript", "-e", MCLUST, path + ".csv"], capture_output=True, text=True, check=True).stdout.split()[0])
    return ks


def try_power(draws, pool, folder):
    table = {}
    for d in DIMENSIONS:
        for separation in SEPARATIONS:
            answers = list(pool.map(power_draw, [(d, separation, draw, folder) for draw in range(draws)]))
            table[d, separation] = {c: None if answers[0][c] is None and c == "mclust" else sum(a[c] == TRUE_K for a in answers) / draws for c in CURVES}
            print(d, separation, table[d, separation], flush=True)
    lines = ["## Nearer and nearer", "", f"Three round Gaussians of 100 rows, their centres in a regular triangle whose sides are so many standard deviations; {draws} tables a",
             "point, k = 1 to 6; the share of right answers. The silhouette cannot say 1, and rows of one cloud are best cut in three.", "", "![share of right answers against separation](verdict-power.svg)", "",
             "| d | separation | " + " | ".join(CURVES) + " |", "|---|---" + "|---" * len(CURVES) + "|"]
    for (d, separation), shares in table.items():
        lines.append(f"| {d} | {separation} | " + " | ".join("–" if shares[c] is None else f"{shares[c]:.2f}" for c in CURVES) + " |")
    draw_power(table)
    return lines


def draw_power(table):
    colours = dict(zip(CURVES, ("#d1495b", "#30638e", "#8d96a3", "#edae49", "#00798c")))
    width, height, gap = 250, 180, 40
    parts = []
    for panel, d in enumerate(DIMENSIONS):
        left = 45 + panel * (width + gap)
        x = lambda s: left + (s - SEPARATIONS[-1]) / (SEPARATIONS[0] - SEPARATIONS[-1]) * width
        y = lambda share: 35 + (1 - share) * height
        parts.append(f'<text x="{left + width / 2}" y="22" text-anchor="middle">{d} columns</text><rect x="{left}" y="35" width="{width}" height="{height}" fill="none" stroke="#bbb"/>')
        parts += [f'<text x="{x(s)}" y="{height + 52}" text-anchor="middle" font-size="10">{s:g}</text>' for s in SEPARATIONS]
        if panel == 0:
            parts += [f'<text x="{left - 6}" y="{y(v) + 4}" text-anchor="end" font-size="10">{v:g}</text>' for v in (0, 0.5, 1)]
        for c in CURVES:
            points = [(x(s), y(table[d, s][c])) for s in SEPARATIONS if table[d, s][c] is not None]
            if points:
                parts.append(f'<polyline fill="none" stroke="{colours[c]}" stroke-width="{3 if c == "verdict" else 1.6}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>')
    total = 45 + len(DIMENSIONS) * (width + gap)
    parts.append(f'<text x="{total / 2}" y="{height + 72}" text-anchor="middle" font-size="11">distance of the centres, in standard deviations</text>')
    for i, c in enumerate(CURVES):
        parts.append(f'<rect x="{60 + i * 120}" y="{height + 84}" width="18" height="4" fill="{colours[c]}"/><text x="{84 + i * 120}" y="{height + 90}" font-size="11">{c}</text>')
    (HERE / "verdict-power.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {height + 105}" font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')


def read_parts():
    """The lines of each part of verdict.md, by their titles; the first is its head."""
    path = HERE / "verdict.md"
    parts, title = {"": []}, ""
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.startswith("## "):
            title = line
            parts[title] = []
        parts[title].append(line)
    return parts


def write(parts, version, start):
    """What there is by now."""
    command = " ".join(["bench/run verdict", *(f"'{a}'" if " " in a else a for a in sys.argv[1:])])
    old = [line for line in parts[""] if line.startswith("- Command")] if "--only" in sys.argv else []
    head = ["# The verdict, and every criterion", "",
            f"- Machine: {platform.machine()}, {len(os.sched_getaffinity(0))} cores. {version}; numpy {np.__version__}.", *old,
            f"- Command: `{command}`, {datetime.date.today()}, {time.time() - start:.0f} s.", ""]
    body = [line for title in TITLES if title in parts for line in ["\n".join(parts[title]).rstrip(), ""]]
    (HERE / "verdict.md").write_text("\n".join(head + body).rstrip() + "\n")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--draws", type=int, default=200)
    options.add_argument("--power-draws", type=int, default=40)
    options.add_argument("--only", choices=["sets", "time", "nulls", "power"])
    options.add_argument("--like", default="")
    options = options.parse_args()
    start = time.time()
    version = subprocess.run([OCKHAM, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    parts = read_parts() if options.only else {"": []}
    sets, times, nulls, power = TITLES
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        if options.only in (None, "sets"):
            parts[sets] = render_sets(try_sets())
            write(parts, version, start)
        if options.only in (None, "time"):
            parts[times] = try_time()
            write(parts, version, start)
        if options.only in (None, "nulls"):
            parts[nulls] = try_nulls(options.draws, pool, folder, options.like, parts.get(nulls, ()))
            write(parts, version, start)
        if options.only in (None, "power"):
            parts[power] = try_power(options.power_draws, pool, folder)
            write(parts, version, start)


if __name__ == "__main__":
    main()
