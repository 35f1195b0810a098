# SPDX-License-Identifier: Apache-2.0
"""The model as a worker of ockham."""
import os

import joblib
import ockham_worker

model = joblib.load(os.environ["MODEL"])
ockham_worker.serve(lambda x: model.predict(x), [("x", "FP64", [-1, model.n_features_in_])], [("cluster", "INT64", [-1])])
