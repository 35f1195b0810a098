# SPDX-License-Identifier: Apache-2.0
"""The model behind BentoML: a service with an array in and an array out."""
import os

import bentoml
import joblib
import numpy as np


@bentoml.service(workers=int(os.environ.get("WORKERS", "1")))
class Clusters:
    def __init__(self):
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api
    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict(x)
