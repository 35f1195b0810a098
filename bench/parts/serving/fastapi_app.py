# SPDX-License-Identifier: Apache-2.0
"""The model behind FastAPI, as its documentation has it: types for the body and the answer (Pydantic reads and writes the
JSON). /raw takes and gives float64 and int64 by hand, as one who needs speed would."""
import os

import joblib
import numpy as np
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

app = FastAPI()
model = joblib.load(os.environ["MODEL"])


class Rows(BaseModel):
    instances: list[list[float]]


class Clusters(BaseModel):
    cluster: list[int]


@app.post("/predict")
def predict(rows: Rows) -> Clusters:
    return Clusters(cluster=model.predict(np.array(rows.instances)).tolist())


@app.post("/raw")
async def raw(request: Request):
    x = np.frombuffer(await request.body()).reshape(-1, model.n_features_in_)
    return Response(model.predict(x).astype("<i8").tobytes(), media_type="application/octet-stream")
