# SPDX-License-Identifier: Apache-2.0
# %% [markdown]
# # Gaussian mixtures
# scikit-learn has four families of covariances, Ockham mclust's fourteen, and it can choose among them.

# %%
from pathlib import Path

import pandas as pd

import ockham

HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()  # a notebook has no __file__
penguins = pd.read_csv(HERE.parent / "data" / "penguins.csv").dropna().reset_index(drop=True)
X = penguins[["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]]

# %% [markdown]
# All families by BIC, with scikit-learn's sign: lower is better.

# %%
mixture = ockham.GaussianMixture(3, covariance_type="auto", random_state=0).fit(X)
for name, bic in sorted(mixture.bic_by_family_.items(), key=lambda item: item[1])[:5]:
    print(f"{name} {bic:9.1f}")
print("kept:", mixture.family_, "with means")
print(pd.DataFrame(mixture.means_, columns=X.columns).round(1).to_string())

# %% [markdown]
# Which rows are not clear: the probability of their component is far from 1.

# %%
unclear = mixture.predict_proba(X).max(axis=1) < 0.9
print(f"{unclear.sum()} of {len(X)} rows are less than 90 % sure; species against component:")
print(pd.crosstab(penguins.species, mixture.predict(X), colnames=["component"]))

# %% [markdown]
# Outliers: probabilities always add up to 1, so they do not tell them, but log-densities do.

# %%
density = mixture.score_samples(X)
print("rarest:", penguins.assign(density=density).nsmallest(3, "density")[["species", "density"]].round(1).to_string(), sep="\n")
stranger = pd.DataFrame([[60, 12, 150, 9000]], columns=X.columns)
print(f"no penguin: probability {mixture.predict_proba(stranger).max():.2f}, below every row's density:",
      mixture.score_samples(stranger)[0] < density.min())

# %% [markdown]
# As many new penguins as you like.

# %%
drawn, component = mixture.sample(100_000)
print("means of drawn ones:", drawn.mean(axis=0).round(), " of those measured:", X.mean().round().tolist())
