# SPDX-License-Identifier: Apache-2.0
# %% [markdown]
# # In scikit-learn's pipelines and searches
# The estimators follow scikit-learn's conventions, so they stand where its own do.

# %%
from pathlib import Path

import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ockham

HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()  # a notebook has no __file__
penguins = pd.read_csv(HERE.parent / "data" / "penguins.csv").dropna()
X = penguins[["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]]

# %% [markdown]
# Clusters of which nobody said how many, and the clusters of two new penguins.

# %%
pipe = make_pipeline(StandardScaler(), ockham.AutoClusters()).fit(X)
new = pd.DataFrame([[39, 18, 190, 3700], [48, 14, 217, 5100]], columns=X.columns)
print(f"{pipe[-1].best_k_} clusters; new rows are in {pipe.predict(new)} with probabilities")
print(pipe.predict_proba(new).round(2))
print("columns of transform():", *pipe.get_feature_names_out())
print("a clone finds the same:", (clone(pipe).fit_predict(X) == pipe[-1].labels_).all())

# %% [markdown]
# How many components of which family describe rows best that the fit has not seen?

# %%
grid = {"n_components": [1, 2, 3, 4, 5, 6], "covariance_type": ["spherical", "diag", "tied", "full", "VEE"]}
search = GridSearchCV(ockham.GaussianMixture(random_state=0), grid, cv=5).fit(StandardScaler().fit_transform(X))
print(search.best_params_, f"mean log-density {search.best_score_:.2f}")

# %% [markdown]
# Distances to centers as features: species and sex by logistic regression, which is linear in them.

# %%
classify = make_pipeline(StandardScaler(), ockham.KMeans(random_state=0), LogisticRegression(max_iter=1000))
search = GridSearchCV(classify, {"kmeans__n_clusters": [2, 4, 8, 12]}, cv=5).fit(X, penguins.species + penguins.sex)
for k, accuracy in zip(search.cv_results_["param_kmeans__n_clusters"], search.cv_results_["mean_test_score"]):
    print(f"{k:2} centers: {accuracy:.0%} right")
