# SPDX-License-Identifier: Apache-2.0
"""The models that the rules are asked of, and what they must answer, computed here from their centroids."""
import csv
import json

from rules import Near, pack

DATATYPES = ("BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64",
             "BYTES")
NO_JSON = ("FP16", "BF16")


def binary(head, *parts):
    """Body and headers of a request whose tensors follow its JSON."""
    text = json.dumps(head).encode()
    return text + b"".join(parts), {"Content-Type": "application/octet-stream",
                                    "Inference-Header-Content-Length": str(len(text))}


class Fitted:
    """k-means, fitted without scaling: the nearest centroid is the answer."""

    def __init__(self, name, centroids_path):
        with open(centroids_path, newline="") as file:
            table = list(csv.reader(file))
        self.name, self.version, self.columns = name, "1", table[0][2:]
        self.centroids = [[float(v) for v in line[2:]] for line in table[1:]]
        self.d, self.base = len(self.columns), f"/v2/models/{name}"

    def rows(self, n):
        """Near one centroid after the other, off by 1/4 and 1/8 in turn."""
        return [[v + (0.25 if (i + j) % 2 else -0.125) for j, v in enumerate(self.centroids[i % len(self.centroids)])]
                for i in range(n)]

    def nearest(self, row):
        distances = [sum((a - b) ** 2 for a, b in zip(row, centroid)) for centroid in self.centroids]
        least = min(distances)
        return distances.index(least), least

    def labels(self, rows):
        return [self.nearest(row)[0] for row in rows]

    def squares(self, rows):
        return [Near(self.nearest(row)[1]) for row in rows]

    def input(self, rows, **other):
        return {"name": "x", "shape": [len(rows), self.d], "datatype": "FP64", "data": [v for row in rows for v in row]} | other

    def request(self, rows, **other):
        return {"inputs": [self.input(rows)]} | other

    def outputs(self, rows):
        n = len(rows)
        return [{"name": "cluster", "shape": [n], "datatype": "INT64", "data": self.labels(rows), "parameters?": dict},
                {"name": "squared_distance", "shape": [n], "datatype": "FP64", "data": self.squares(rows), "parameters?": dict}]

    def answer(self, rows, **other):
        return {"model_name": self.name, "model_version": self.version, "outputs": self.outputs(rows)} | other

    def records(self, rows):
        return [dict(zip(self.columns, row)) for row in rows]

    def packed(self, rows):
        return pack("FP64", [v for row in rows for v in row])

    def binary_input(self, rows, size=None):
        return {"name": "x", "shape": [len(rows), self.d], "datatype": "FP64",
                "parameters": {"binary_data_size": 8 * self.d * len(rows) if size is None else size}}

    def binary_request(self, rows, **other):
        return binary({"inputs": [self.binary_input(rows)]} | other, self.packed(rows))


class Echo:
    """A worker with an input of each datatype, which it returns as it came (echo.py)."""

    def __init__(self, name="echo"):
        self.name, self.base = name, f"/v2/models/{name}"

    @staticmethod
    def plain(datatype, n):
        return [""] * n if datatype == "BYTES" else [datatype == "BOOL"] * n if datatype == "BOOL" else [0] * n

    def ask(self, datatype, values, as_binary=False, **other):
        """Body and headers: the values in one input, something plain in the others; only that output is wanted."""
        inputs, parts = [], []
        for one in DATATYPES:
            mine = one == datatype
            tensor = {"name": one.lower(), "shape": [len(values)], "datatype": one}
            if (mine and as_binary) or one in NO_JSON and not mine:
                data = values if mine and isinstance(values, bytes) else pack(one, values if mine else self.plain(one, len(values)))
                tensor["parameters"] = {"binary_data_size": len(data)}
                parts.append(data)
            else:
                tensor["data"] = values if mine else self.plain(one, len(values))
            inputs.append(tensor)
        head = {"inputs": inputs, "outputs": [{"name": datatype.lower(), "parameters": {"binary_data": as_binary}}]} | other
        return binary(head, *parts)

    def answer(self, datatype, values):
        return {"outputs": [{"name": datatype.lower(), "shape": [len(values)], "datatype": datatype, "data": values}]}
