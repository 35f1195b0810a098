# SPDX-License-Identifier: Apache-2.0
"""What Triton's own client, unmodified, makes of a running server: `client.py URL ADMIN_URL CENTROIDS`, in a venv that has
tritonclient[http]. Answers are compared with numpy's. Exit code 1: a check failed."""
import itertools
import sys
import traceback

import ml_dtypes
import numpy as np
import tritonclient.http as http
from fixtures import DATATYPES, NO_JSON
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

URL, ADMIN = (address.removeprefix("http://") for address in sys.argv[1:3])
CENTROIDS = np.loadtxt(sys.argv[3], delimiter=",", skiprows=1)[:, 2:]
ROWS = np.repeat(CENTROIDS, 4, axis=0) + np.random.default_rng(0).normal(0, 0.1, (4 * len(CENTROIDS), CENTROIDS.shape[1]))
SQUARES = ((ROWS[:, None, :] - CENTROIDS) ** 2).sum(axis=2)


def tensor(name, values, datatype=None, binary=True):
    one = http.InferInput(name, list(values.shape), datatype or np_to_triton_dtype(values.dtype))
    one.set_data_from_numpy(values, binary_data=binary)
    return one


def check_clusters(result, rows=slice(None)):
    np.testing.assert_array_equal(result.as_numpy("cluster"), SQUARES[rows].argmin(axis=1))
    np.testing.assert_allclose(result.as_numpy("squared_distance"), SQUARES[rows].min(axis=1), rtol=1e-6)


def fails(call, *words):
    """It raises the client's exception, with the server's words in it."""
    try:
        call()
    except InferenceServerException as error:
        for word in words:
            assert word in str(error), f"expected '{word}' in '{error}'"
        return error
    raise AssertionError("expected an InferenceServerException")


# ---- checks: each gets a client of the data port and one of the admin port ----


def health(client, _):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("people") and client.is_model_ready("people", "1")
    assert not client.is_model_ready("nobody") and not client.is_model_ready("people", "77")


def metadata(client, _):
    server = client.get_server_metadata()
    assert server["name"] == "ockham" and "binary_tensor_data" in server["extensions"], server
    model = client.get_model_metadata("people")
    assert model == client.get_model_metadata("people", "1")
    assert model["inputs"] == [{"name": "x", "datatype": "FP64", "shape": [-1, CENTROIDS.shape[1]]}], model
    assert [o["name"] for o in model["outputs"]] == ["cluster", "squared_distance"], model


def infer(client, _):
    """Every way of sending and asking for tensors."""
    for binary_in, wanted in itertools.product((True, False), (None, (True, True), (False, False), (True, False), (False, True))):
        outputs = wanted and [http.InferRequestedOutput(name, binary_data=flag) for name, flag in zip(("cluster", "squared_distance"), wanted)]
        result = client.infer("people", [tensor("x", ROWS, binary=binary_in)], outputs=outputs)
        check_clusters(result)
        assert result.get_response()["model_name"] == "people" and result.get_response()["model_version"] == "1"


def infer_one(client, _):
    for i in range(len(ROWS)):
        check_clusters(client.infer("people", [tensor("x", ROWS[i : i + 1])], model_version="1"), slice(i, i + 1))


def infer_types(client, _):
    rounded = ROWS.round()
    squares = ((rounded[:, None, :] - CENTROIDS) ** 2).sum(axis=2)
    for dtype in (np.float32, np.int64, np.int32, np.int16, np.uint8, np.uint64):
        for binary in (True, False):
            result = client.infer("people", [tensor("x", rounded.astype(dtype), binary=binary)])
            np.testing.assert_array_equal(result.as_numpy("cluster"), squares.argmin(axis=1))


def infer_one_output(client, _):
    result = client.infer("people", [tensor("x", ROWS)], outputs=[http.InferRequestedOutput("squared_distance")])
    assert result.as_numpy("cluster") is None and result.as_numpy("squared_distance").shape == (len(ROWS),)


def request_id(client, _):
    for id in ("42", "a b ü", "x" * 300):
        for outputs in (None, [http.InferRequestedOutput("cluster", binary_data=False)]):
            result = client.infer("people", [tensor("x", ROWS)], outputs=outputs, request_id=id)
            assert result.get_response()["id"] == id, result.get_response()


def parameters(client, _):
    check_clusters(client.infer("people", [tensor("x", ROWS)], parameters={"a": 1, "b": "c", "d": True}, priority=3, timeout=5_000_000))


def headers(client, _):
    result = client.infer("people", [tensor("x", ROWS)], headers={"X-Request-Id": "r-1"}, query_params={"a": "b"})
    check_clusters(result)


def compression(client, _):
    for request, response in itertools.product((None, "gzip", "deflate"), repeat=2):
        for binary in (True, False):
            result = client.infer("people", [tensor("x", np.tile(ROWS, (50, 1)), binary=binary)], request_compression_algorithm=request,
                                  response_compression_algorithm=response)
            np.testing.assert_array_equal(result.as_numpy("cluster"), np.tile(SQUARES.argmin(axis=1), 50))


def many_at_once(client, _):
    pending = [(i, client.async_infer("people", [tensor("x", ROWS[i : i + 1], binary=bool(j % 2))], request_id=f"{i}/{j}"))
               for j in range(20) for i in range(len(ROWS))]
    for number, (i, request) in enumerate(pending):
        result = request.get_result(timeout=30)
        check_clusters(result, slice(i, i + 1))
        assert result.get_response()["id"] == f"{i}/{number // len(ROWS)}"


def errors(client, _):
    x = [tensor("x", ROWS)]
    assert fails(lambda: client.infer("nobody", x), "nobody").status() == "404"
    assert fails(lambda: client.infer("people", x, model_version="77"), "77").status() == "404"
    assert fails(lambda: client.infer("people", [tensor("y", ROWS)]), "y").status() == "400"
    assert fails(lambda: client.infer("people", [tensor("x", ROWS[:, :1].copy())]), "shape").status() == "400"
    assert fails(lambda: client.infer("people", x, outputs=[http.InferRequestedOutput("ghost")]), "ghost").status() == "400"
    fails(lambda: client.async_infer("nobody", x).get_result(timeout=30), "nobody")
    fails(lambda: client.get_model_metadata("nobody"), "nobody")
    fails(lambda: client.get_inference_statistics("nobody"), "nobody")
    bad = ROWS.copy()
    bad[1, 0] = np.nan
    fails(lambda: client.infer("people", [tensor("x", bad)]), "row")
    check_clusters(client.infer("people", x))


def not_served(client, _):
    for call in (lambda: client.get_model_config("people"), client.get_trace_settings, client.get_log_settings,
                 client.get_system_shared_memory_status, client.get_cuda_shared_memory_status):
        assert fails(call).status() == "404"


def statistics(client, _):
    def look():
        (stats,) = client.get_inference_statistics("people")["model_stats"]
        return stats

    before = look()
    for _ in range(3):
        client.infer("people", [tensor("x", ROWS)])
    after = look()
    assert after["inference_count"] - before["inference_count"] == 3 * len(ROWS), (before, after)
    assert after["execution_count"] - before["execution_count"] == 3
    assert after["inference_stats"]["success"]["count"] - before["inference_stats"]["success"]["count"] == 3
    assert after["inference_stats"]["success"]["ns"] > before["inference_stats"]["success"]["ns"]
    assert client.get_inference_statistics("people", "1")["model_stats"][0]["name"] == "people"
    assert {"people", "echo"} <= {s["name"] for s in client.get_inference_statistics()["model_stats"]}


def repository(client, admin):
    index = {entry["name"]: entry for entry in admin.get_model_repository_index()}
    assert index["people"]["state"] == "READY" and index["people"]["version"] == "1", index
    admin.unload_model("people")
    assert not client.is_model_ready("people")
    fails(lambda: client.infer("people", [tensor("x", ROWS)]), "people")
    admin.load_model("people")
    assert client.is_model_ready("people")
    check_clusters(client.infer("people", [tensor("x", ROWS)]))
    fails(lambda: admin.load_model("nobody"), "nobody")
    fails(lambda: admin.unload_model("nobody"), "nobody")
    fails(lambda: client.unload_model("people"))
    assert client.is_model_ready("people")


# ---- every datatype, through a worker and back ----

VALUES = {"BOOL": np.array([True, False]), "BYTES": np.array(["", "plain", "ü😀"] + ["x" * 70_000], dtype=np.object_),
          "FP16": np.array([0.5, -2, 65504], np.float16), "BF16": np.array([1, -2.5, 3e38], ml_dtypes.bfloat16),
          "FP32": np.array([0.1, -1e30, 1e-45], np.float32),
          "FP64": np.array([0.1, 5e-324, -1.7976931348623157e308])}
for bits in (8, 16, 32, 64):
    for sign in ("", "U"):
        info = np.iinfo(f"{sign.lower()}int{bits}")
        VALUES[f"{sign}INT{bits}"] = np.array([info.min, info.max, 7], info.dtype)


def echo_inputs(datatype, values, binary):
    inputs = []
    for one in DATATYPES:
        if one == datatype:
            inputs.append(tensor(one.lower(), values, one, binary))
            continue
        plain = np.array([""] * len(values), np.object_) if one == "BYTES" else np.zeros(len(values), VALUES[one].dtype)
        inputs.append(tensor(one.lower(), plain, one, True))
    return inputs


def echo(client, _):
    for datatype, values in VALUES.items():
        for binary_in, binary_out in itertools.product((True, False), repeat=2):
            if datatype in NO_JSON and not (binary_in and binary_out):
                continue
            wanted = [http.InferRequestedOutput(datatype.lower(), binary_data=binary_out)]
            found = client.infer("echo", echo_inputs(datatype, values, binary_in), outputs=wanted).as_numpy(datatype.lower())
            if datatype == "BYTES":  # texts come back as bytes, or as text from JSON
                found = [v.decode() if isinstance(v, bytes) else str(v) for v in found]
                assert found == list(values), (binary_in, binary_out, found[:3])
            else:
                assert (found.astype(values.dtype) == values).all(), (datatype, binary_in, binary_out, found)


def echo_all(client, _):
    """All outputs at once, in binary, of 1000 rows."""
    values = np.arange(1000, dtype=np.int32)
    result = client.infer("echo", echo_inputs("INT32", values, True))
    assert (result.as_numpy("int32") == values).all() and len(result.as_numpy("bytes")) == 1000


CHECKS = (health, metadata, infer, infer_one, infer_types, infer_one_output, request_id, parameters, headers, compression, many_at_once, errors,
          not_served, statistics, echo, echo_all, repository)


def main():
    client, admin = http.InferenceServerClient(URL, concurrency=8), http.InferenceServerClient(ADMIN)
    n_failed = 0
    for check in CHECKS:
        try:
            check(client, admin)
        except Exception:  # any: the others shall be heard
            n_failed += 1
            print(f"FAILED {check.__name__}: {traceback.format_exc(limit=-2)}")
    print(f"{len(CHECKS)} checks by tritonclient, {n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
