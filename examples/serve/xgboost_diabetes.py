# SPDX-License-Identifier: Apache-2.0
"""Boosted trees as a worker: one number for each row. Needs xgboost, and scikit-learn for its data.

    ockham serve --model diabetes=examples/serve/xgboost_diabetes.py

One thread a worker: `workers: 4` in the configuration is how it gets more of them, and how their CPU time stays known.
"""
import numpy
import xgboost
from sklearn.datasets import load_diabetes

import ockham_worker

data = load_diabetes()
model = xgboost.train({"max_depth": 3, "eta": 0.1, "nthread": 1, "seed": 1}, xgboost.DMatrix(data.data, data.target), 50)


def predict(x):
    if not numpy.isfinite(x).all():
        raise ValueError("expected finite numbers")
    return model.inplace_predict(x)


ockham_worker.serve(predict, inputs=[("x", "FP32", [-1, 10])], outputs=[("progression", "FP32", [-1])],
                    columns=list(data.feature_names))
