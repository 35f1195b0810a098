# SPDX-License-Identifier: Apache-2.0
"""Gives back what it gets, of every datatype."""
import ockham_worker

TYPES = "BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64 BYTES".split()
FIELDS = [(name, name, [-1, 1 if name == "BYTES" else 2]) for name in TYPES]


def predict(**inputs):
    print("echo was asked")
    return inputs


ockham_worker.serve(predict, FIELDS, FIELDS)
