# SPDX-License-Identifier: Apache-2.0
"""A scikit-learn pipeline as a worker: classes and their probabilities for iris flowers. Needs scikit-learn.

    ockham serve --model iris=examples/serve/sklearn_iris.py
    printf '5.1,3.5,1.4,0.2\n' | curl -s localhost:8080/m/iris -H 'Content-Type: text/csv' --data-binary @-

Real models are loaded here, once, with joblib.load(): what happens before serve() is not part of any request.
"""
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ockham_worker

iris = load_iris()
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(iris.data, iris.target)


def predict(x):
    probabilities = model.predict_proba(x)
    names = [iris.target_names[i] for i in probabilities.argmax(axis=1)]
    return {"species": names, "probability": probabilities}


ockham_worker.serve(predict, inputs=[("x", "FP64", [-1, 4])],
                    outputs=[("species", "BYTES", [-1]), ("probability", "FP64", [-1, 3])],
                    columns=["sepal_length", "sepal_width", "petal_length", "petal_width"])
