# SPDX-License-Identifier: Apache-2.0
# %% [markdown]
# # A million rows
# Single precision, read where it lies: nothing is copied, and all the while it can be watched and stopped.

# %%
import numpy as np

import ockham

random = np.random.default_rng(0)
centers = random.uniform(-20, 20, (12, 8)).astype(np.float32)
group = random.integers(0, 12, 1_000_000)
X = centers[group] + random.standard_normal((1_000_000, 8), np.float32)
print(f"{X.shape[0]:,} x {X.shape[1]}, {X.dtype}, {X.nbytes / 1e6:.0f} MB")

# %% [markdown]
# `progress=True` shows a bar; any function does that takes what is being done, how much of it, and of how much (0: unknown).
# If it returns False the search stops with what there is; Ctrl-C stops it at once.

# %%
stages = set()


def watch(stage, done, total):
    stages.add(stage)


c = ockham.clusters(X, k_max=30, threads=2, progress=watch)  # without `threads`: every core
print(f"{c.k} clusters; copied: {c.copied or 'no'}; partial: {c.partial}; told of mixtures: {'mixtures' in stages}")
together = np.bincount(12 * c.labels + group, minlength=144).reshape(12, 12)  # rows of each cluster and group
print(f"rows whose cluster is their group: {together.max(axis=1).sum() / len(X):.2%}")

# %% [markdown]
# Any other k of the same search, without searching again, and k-means for one k.

# %%
print(f"inertia: k = 11 {c.at(11).inertia:.3g}, k = 12 {c.at(12).inertia:.3g}, k = 13 {c.at(13).inertia:.3g}")
kmeans = ockham.KMeans(12, random_state=0).fit(X)
print(f"KMeans(12): {kmeans.inertia_:.3g}, the same optimum: {np.isclose(kmeans.inertia_, c.at(12).inertia, rtol=1e-4)}")

# %% [markdown]
# It stops where you say, here at the first word of mixtures, and keeps what it has: k-means alone then decides.

# %%
c = ockham.clusters(X, k_max=30, progress=lambda stage, done, total: stage != "mixtures")
print(f"stopped: {c.partial}; {c.k} clusters by {c.criterion}")
