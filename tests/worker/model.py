# SPDX-License-Identifier: Apache-2.0
"""Adds up rows, and fails on request in each way that Python knows."""
import os

import ockham_worker


def predict(x):
    first = x[0][0]
    if first == -1:
        raise ValueError("x must not be -1")
    if first == -2:
        return 1 / 0
    if first == -3:
        os._exit(3)
    if first == -4:
        return {"z": [1.0]}
    return [sum(row) for row in x]


ockham_worker.serve(predict, inputs=[("x", "FP64", [-1, 4])], outputs=[("y", "FP64", [-1])], name="sums")
