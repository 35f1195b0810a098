# SPDX-License-Identifier: Apache-2.0
"""Draws the README's picture from what the command prints: python3 docs/images/make.py (needs matplotlib)."""
import csv
import io
import json
import pathlib
import subprocess

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ROOT = pathlib.Path(__file__).resolve().parents[2]
OCKHAM = str(ROOT / "build" / "ockham")
BLOBS = ["-k", "25", "--rows", "10", "--rows-max", "50", "--low", "-0.92", "--high", "0.92",
         "--min-distance", "0.2", "--seed", "1"]
INK, ACCENT, MUTED = "#1b1f24", "#c2410c", "#7a828e"


def run(*arguments, stdin=None):
    return subprocess.run([OCKHAM, *arguments], input=stdin, capture_output=True, text=True, check=True).stdout


def style(axes, title):
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=MUTED, labelsize=8)


def main():
    table = run("generate", "blobs", *BLOBS)
    found = json.loads(run("clusters", "-", "--label-column", "label", "--json", "--k-max", "40", stdin=table))
    rows = list(csv.DictReader(io.StringIO(table)))
    curve, answers = found["curve"], found["criteria"]
    ks = [point["k"] for point in curve]

    figure, (data, elbow, bic) = plt.subplots(1, 3, figsize=(11, 3.4))
    data.scatter([float(r["x1"]) for r in rows], [float(r["x2"]) for r in rows],
                 c=[int(r["label"]) * 7 % 25 for r in rows], cmap="turbo", s=6, linewidths=0)
    data.set_aspect("equal")
    style(data, "25 clusters of 10 to 50 rows")

    inertia = [point["inertia"] for point in curve]
    elbow.plot(ks, inertia, color=INK, linewidth=1.4)
    elbow.plot(answers["elbow"], inertia[answers["elbow"] - 1], "o", color=ACCENT)
    elbow.annotate(f"elbow: {answers['elbow']}", (answers["elbow"], inertia[answers["elbow"] - 1]),
                   textcoords="offset points", xytext=(8, 10), color=ACCENT)
    style(elbow, "inertia")

    score = [point["bic"] for point in curve]
    bic.plot(ks, score, color=INK, linewidth=1.4)
    bic.plot(answers["bic"], score[answers["bic"] - 1], "o", color=ACCENT)
    bic.annotate(f"BIC: {answers['bic']}", (answers["bic"], score[answers["bic"] - 1]),
                 textcoords="offset points", xytext=(10, 2), color=ACCENT)
    style(bic, "BIC (higher is better)")
    for axes in (elbow, bic):
        axes.set_xlabel("number of clusters tried", fontsize=8, color=MUTED)
    figure.tight_layout()
    figure.savefig(ROOT / "docs" / "images" / "elbow-or-bic.svg")


if __name__ == "__main__":
    main()
