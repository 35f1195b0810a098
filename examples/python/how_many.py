# SPDX-License-Identifier: Apache-2.0
# %% [markdown]
# # How many clusters are in my data?
# 342 penguins of three species, measured in millimetres and grams. What does a method say that does not know of species?

# %%
from pathlib import Path

import pandas as pd

import ockham

HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()  # a notebook has no __file__
penguins = pd.read_csv(HERE.parent / "data" / "penguins.csv")
measures = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]

# %% [markdown]
# Missing values are refused, and the message says where the first one is.

# %%
try:
    ockham.clusters(penguins[measures])
except ockham.DataError as error:
    print(error)

# %%
penguins = penguins.dropna(subset=measures).reset_index(drop=True)
c = ockham.clusters(penguins[measures])  # print(c) shows all of it, and a notebook shows c as tables
print(f"{c.k} clusters of {len(c.labels)} penguins, chosen by {c.criterion}, posterior weight {c.confidence.weight:.3f}")
print(f"as {c.mixture.family}; the next best k in BIC: {c.curve.to_frame()['mixture'].nlargest(2).index[1]}")

# %% [markdown]
# Why, and what speaks against it: halves of the rows, and the two clusters that are nearest to being one.

# %%
a, b = c.confidence.overlapping
print(f"halves of the rows say: {c.confidence.halves}")
print(f"{c.confidence.overlap:.0%} of the rows of clusters {a} and {b} may be in either")

# %% [markdown]
# What the other criteria say, some of which cannot say 1, and the species: clusters 1 and 3 are Adelie, mostly the
# lighter and the heavier ones.

# %%
print(c.criteria.to_frame()[["k", "can_say_one", "decides"]])
print(pd.crosstab(penguins.species + " " + penguins.sex.fillna("?"), c.labels, rownames=["species"], colnames=["cluster"]))
