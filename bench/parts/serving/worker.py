# SPDX-License-Identifier: Apache-2.0
"""The model as a worker of ockham."""
import os

import joblib
import ockham_worker

model = joblib.load(os.environ["MODEL"])
