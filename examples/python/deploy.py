# SPDX-License-Identifier: Apache-2.0
# %% [markdown]
# # From a notebook to where new rows arrive
# A model file has no pickle in it: Python, C and the command read it, and a damaged one is refused.

# %%
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import ockham

HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()  # a notebook has no __file__
penguins = pl.read_csv(HERE.parent / "data" / "penguins.csv", null_values="NA")
X = penguins.select("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g").drop_nulls()
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# Found here, with scaling, names of columns and all:

# %%
c = ockham.clusters(X)
c.save(folder / "penguins.model")
X[:5].write_csv(folder / "new.csv")

# %% [markdown]
# Used there, in Python …

# %%
model = ockham.load(folder / "penguins.model")
labels = model.predict(X[:5])
print(f"{model.k} clusters of {', '.join(model.column_names)}")
print(f"labels {labels}, as in the fit: {np.array_equal(model.predict(X), c.labels)}")
print(f"log-density of a row that is no penguin: {model.posterior([[60, 12, 150, 9000]]).log_densities[0]:.0f}")

# %% [markdown]
# … and without Python, by the command: `ockham show penguins.model`, `ockham predict penguins.model new.csv`.

# %%
if command := shutil.which("ockham"):
    out = subprocess.run([command, "predict", "penguins.model", "new.csv"], cwd=folder, capture_output=True, text=True, check=True)
    said = [int(line.split(",")[1]) for line in out.stdout.splitlines()[1:]]
    assert said == labels.tolist(), (said, labels)
print("`ockham predict penguins.model new.csv` says the same, where the command is installed")
shutil.rmtree(folder)
