# SPDX-License-Identifier: Apache-2.0
"""The smallest model in Python: a price from four numbers.

    ockham serve --model price=examples/serve/predict.py
    curl -s localhost:8080/v1/models/price:predict -d '{"instances": [{"area": 70, "rooms": 3, "age": 12, "floor": 2}]}'
"""
import ockham_worker


def predict(x):
    return [1200.0 * area + 9000.0 * rooms - 450.0 * age + 300.0 * floor for area, rooms, age, floor in x]


ockham_worker.serve(predict, inputs=[("x", "FP64", [-1, 4])], outputs=[("price", "FP64", [-1])],
                    columns=["area", "rooms", "age", "floor"])
