# SPDX-License-Identifier: Apache-2.0
"""A worker with an input of each datatype, which it returns as it came."""
import ockham_worker
from fixtures import DATATYPES

fields = [(name.lower(), name, [-1]) for name in DATATYPES]
ockham_worker.serve(lambda **inputs: inputs, fields, fields)
