# SPDX-License-Identifier: Apache-2.0
"""How many clusters are in my data, with evidence instead of taste.

    import ockham
    c = ockham.clusters(X)
    c.k, c.labels, c.centers
    print(c)

KMeans, GaussianMixture and AutoClusters are estimators by scikit-learn's conventions, and need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ockham import _ffi
from ockham._ablation import Ablation
from ockham._calls import DataError, Stopped
from ockham._clusters import Clustering, Clusters, clusters
from ockham._criteria import Choice, Choices, Criterion, Curve, criteria
from ockham._drift import Drift, DriftEpisode, DriftMonitor, DriftSignal, Profile, drift, profile
from ockham._mixture import FAMILIES, Mixture
from ockham._model import Model, Scaling, load
from ockham._study import Study, StudyPlan
from ockham._sweep import Confidence

if TYPE_CHECKING:
    from ockham.estimators import AutoClusters, GaussianMixture, KMeans

__version__: str = _ffi.ockham_version().decode()
if __version__ != _ffi.OCKHAM_VERSION:
    raise ImportError(f"this package is of version {_ffi.OCKHAM_VERSION}, the library it found of {__version__}")

_ESTIMATORS = ("AutoClusters", "GaussianMixture", "KMeans")

__all__ = [
    "Ablation",
    "AutoClusters",
    "Choice",
    "Choices",
    "Clustering",
    "Clusters",
    "Confidence",
    "Criterion",
    "Curve",
    "DataError",
    "Drift",
    "DriftEpisode",
    "DriftMonitor",
    "DriftSignal",
    "FAMILIES",
    "GaussianMixture",
    "KMeans",
    "Mixture",
    "Model",
    "Profile",
    "Scaling",
    "Stopped",
    "Study",
    "StudyPlan",
    "clusters",
    "criteria",
    "drift",
    "load",
    "profile",
]


def __getattr__(name: str) -> Any:
    """The estimators are imported when they are asked for: scikit-learn takes longer to import than most fits."""
    if name in _ESTIMATORS:
        from ockham import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module 'ockham' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
