# SPDX-License-Identifier: Apache-2.0
"""What fuzz_profile starts from: small profiles of each kind. Again whenever their encoding changes: python3 profiles.py
(with the package of this source, pandas, and the command's path in OCKHAM_COMMAND)."""

import os
import pathlib
import subprocess
import tempfile

import numpy as np
import pandas as pd

import ockham

CORPUS = pathlib.Path(__file__).parent / "corpus" / "profile"


def bytes_of(profile: ockham.Profile) -> bytes:
    encoded: bytes = profile.__reduce__()[1][0]
    return encoded


def rehearsed(frame: pd.DataFrame) -> bytes:
    """Only the command rehearses."""
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(f"{folder}/rows.csv", index=False)
        command = os.environ.get("OCKHAM_COMMAND", "ockham")
        subprocess.run([command, "profile", "rows.csv", "--model", "m.ock", "-k", "1", "--quiet"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        profile = ockham.load(f"{folder}/m.ock").profile
    assert profile is not None
    return profile


def main() -> None:
    random = np.random.default_rng(1)
    x = pd.DataFrame({"x": random.normal(size=40)})
    mixed = pd.DataFrame({
        "x": np.where(random.random(200) < 0.1, np.nan, random.normal(size=200)),
        "y": random.integers(0, 3, 200),
        "colour": random.choice(["red", "blue"], 200),
        "answer": random.choice([0.0, 1.0], 200),
    })
    weeks = pd.DataFrame({"x": random.integers(0, 2, 15 * 24 * 2)})
    texts = pd.DataFrame({"town": random.choice(["Rome", "Oslo", "K\u00f6ln"], 60), "plan": ["a", "b", None] * 20})
    seeds = {
        "column": bytes_of(ockham.profile(x, k=1)),
        "mixed": bytes_of(ockham.profile(mixed, outputs=["answer"], k=2)),
        "hours": bytes_of(ockham.profile(weeks, times=1767571200.0 + 1800 * np.arange(len(weeks)), k=1)),
        "texts": bytes_of(ockham.profile(texts)),
        "rehearsed": rehearsed(pd.DataFrame({"x": random.integers(0, 3, 2000)})),
    }
    for name, seed in seeds.items():
        (CORPUS / name).write_bytes(seed)


if __name__ == "__main__":
    main()
