# SPDX-License-Identifier: Apache-2.0
"""Rules of Triton's extensions: binary tensor data, statistics, model repository; and of those that are not served."""
import gzip
import json
import time
import zlib

from fixtures import binary
from protocol import JSON, STATUS, get, post, refused
from rules import ABSENT, Ask, Each, Has, Rule, Text, Want, pack

BINARY = "Triton, Binary Tensor Data"
OCTETS = {"Content-Type": Text("^application/octet-stream"), "Inference-Header-Content-Length": Text(r"^\d+$")}


# ---- binary tensor data ----


def binary_rules(m):
    rows, infer = m.rows(5), m.base + "/infer"
    n = len(rows)
    labels, squares = m.labels(rows), m.squares(rows)
    body, headers = m.binary_request(rows)

    def asks(id, says, ask, want, decision="", source=BINARY):
        return Rule(id, source, says, post(infer, ask[0], want, ask[1]), decision)

    yield asks("binary-input", "an input as binary data, the answer as JSON", (body, headers),
               Want(200, m.answer(rows), JSON | {"Inference-Header-Content-Length": ABSENT}))
    yield asks("binary-content-type", "whatever Content-Type says", (body, headers | {"Content-Type": "application/json"}),
               Want(200, m.answer(rows)), "The header's presence tells; tritonclient sends no Content-Type.")
    everything = Want(200, {"outputs": Each({"data": ABSENT, "parameters": {"binary_data_size": 8 * n}}, 2)}, OCTETS,
                      tensors={"cluster": labels, "squared_distance": squares})
    yield asks("binary-both", "binary_data_output: every output as binary data",
               m.binary_request(rows, parameters={"binary_data_output": True}), everything)
    yield asks("binary-output-only", "the input as JSON, the answer as binary data",
               (json.dumps(m.request(rows, parameters={"binary_data_output": True})).encode(), {"Content-Type": "application/json"}), everything)
    one = {"outputs": [{"name": "cluster", "parameters": {"binary_data": True}}, {"name": "squared_distance"}]}
    mixed = Want(200, {"outputs": [{"name": "cluster", "data": ABSENT, "parameters": {"binary_data_size": 8 * n}},
                                   {"name": "squared_distance", "data": squares}]}, OCTETS, tensors={"cluster": labels})
    yield asks("binary-output-one", "binary_data: that output as binary data, the others as JSON", m.binary_request(rows, **one), mixed)
    yield asks("binary-output-not", "binary_data false overrides binary_data_output",
               m.binary_request(rows, parameters={"binary_data_output": True},
                                outputs=[{"name": "cluster"}, {"name": "squared_distance", "parameters": {"binary_data": False}}]), mixed)
    yield asks("binary-order", "binary data come in the order of the outputs",
               m.binary_request(rows, parameters={"binary_data_output": True}, outputs=[{"name": "squared_distance"}, {"name": "cluster"}]),
               Want(200, {"outputs": [{"name": "squared_distance"}, {"name": "cluster"}]}, OCTETS,
                    tensors={"cluster": labels, "squared_distance": squares}))
    yield asks("binary-id", "the id is returned in the JSON part", m.binary_request(rows, id="7", parameters={"binary_data_output": True}),
               Want(200, {"id": "7"}))
    yield asks("binary-false", "binary_data_output false: as JSON", m.binary_request(rows, parameters={"binary_data_output": False}),
               Want(200, m.answer(rows)))
    yield asks("binary-header-json", "the header may be there without binary data: the JSON is all of the body",
               (json.dumps(m.request(rows)).encode(), {"Inference-Header-Content-Length": str(len(json.dumps(m.request(rows))))}),
               Want(200, m.answer(rows)))
    single = [[float(int(v * 8)) / 8 for v in row] for row in rows]
    yield asks("binary-fp32", "FP32 where the model takes FP64",
               binary({"inputs": [{"name": "x", "shape": [n, m.d], "datatype": "FP32", "parameters": {"binary_data_size": 4 * n * m.d}}]},
                      pack("FP32", [v for row in single for v in row])),
               Want(200, {"outputs": [{"data": m.labels(single)}, {"data": m.squares(single)}]}), "As with JSON: coerced.")
    columns = [{"name": name, "shape": [n], "datatype": "FP64"} for name in m.columns]
    columns[0]["data"] = [row[0] for row in rows]
    for j in range(1, m.d):
        columns[j]["parameters"] = {"binary_data_size": 8 * n}
    parts = [pack("FP64", [row[j] for row in rows]) for j in range(1, m.d)]
    yield asks("binary-some", "inputs with data and inputs as binary data in one request", binary({"inputs": columns}, *parts),
               Want(200, m.answer(rows)))
    yield asks("binary-input-order", "binary data are those of the inputs in their order", binary({"inputs": columns[::-1]}, *parts[::-1]),
               Want(200, m.answer(rows)))
    yield asks("binary-nan", "NaN can be sent in binary, and has no cluster",
               (body[:-8] + pack("FP64", [float("nan")]), headers), refused(400, r"row|x"), "An error rather than a cluster by chance.", "Ockham")
    yield asks("binary-infinite", "nor has infinity", (body[:-8] + pack("FP64", [float("inf")]), headers), refused(400, r"row|x"), "", "Ockham")
    yield from raw_rules(m)
    yield from binary_error_rules(m, body, headers)


def raw_rules(m):
    rows, infer = m.rows(1), m.base + "/infer"
    yield Rule("binary-raw", "Triton, Raw Binary Request", "header 0: the body is the only input's data; all outputs as binary data",
               post(infer, m.packed(rows), Want(200, None, OCTETS, tensors={"cluster": m.labels(rows), "squared_distance": m.squares(rows)}),
                    {"Inference-Header-Content-Length": "0"}))
    yield Rule("binary-raw-size", "Triton, Raw Binary Request", "of a size that makes whole rows",
               post(infer, m.packed(rows)[:-1], refused(400), {"Inference-Header-Content-Length": "0"}))


def binary_error_rules(m, body, headers):
    rows, infer = m.rows(5), m.base + "/infer"
    size = int(headers["Inference-Header-Content-Length"])
    length = "Inference-Header-Content-Length"

    def asks(id, says, body, headers, mentions="."):
        return Rule(f"binary-{id}", BINARY, says, post(infer, body, refused(400, mentions), headers))

    yield asks("no-header", "binary data need the header", body, {})
    for id, value in (("beyond", str(len(body) + 1)), ("negative", "-1"), ("text", "abc"), ("plus", "+" + str(size)), ("blank", ""),
                      ("huge", "9" * 25), ("hex", hex(size)), ("less", str(size - 1)), ("more", str(size + 1))):
        yield asks(f"header-{id}", "the header must be the length of the JSON", body, {length: value})
    yield asks("few", "fewer bytes than binary_data_size", body[:-1], headers)
    yield asks("many", "bytes that belong to no input", body + b"\0", headers)
    for id, value in (("shape", 8 * m.d * 5 - 8), ("odd", 8 * m.d * 5 - 1), ("large", 8 * m.d * 5 + 8), ("negative", -8), ("overflow", 2**64),
                      ("zero", 0), ("text", "80"), ("fraction", 80.5)):
        wrong, its_headers = binary({"inputs": [m.binary_input(rows, value)]}, m.packed(rows))
        yield asks(f"size-{id}", "binary_data_size must be what the shape needs", wrong, its_headers, "x|size")
    both, its_headers = binary({"inputs": [m.binary_input(rows) | m.input(rows)]}, m.packed(rows))
    yield asks("and-data", "data and binary_data_size exclude each other", both, its_headers)
    body, its_headers = binary({"inputs": [m.binary_input(rows)], "outputs": [{"name": "cluster", "parameters": {"binary_data": 1}}]},
                               m.packed(rows))
    yield asks("flag", "binary_data is a boolean", body, its_headers, "binary_data")


def bytes_rules(echo):
    good, headers = echo.ask("BYTES", [b"ab", b"c"], True)
    damage = {"long": good.replace(b"\2\0\0\0ab", b"\3\0\0\0ab"), "huge": good.replace(b"\2\0\0\0ab", b"\xff\xff\xff\xffab"),
              "short": good.replace(b"\2\0\0\0ab", b"\1\0\0\0ab")}
    for id, body in damage.items():
        yield Rule(f"bytes-length-{id}", BINARY, "the lengths in BYTES add up", post(echo.base + "/infer", body, refused(400), headers),
                   needs="echo")
    body, headers = echo.ask("BOOL", b"\1\0\2", True)
    yield Rule("bool-two", BINARY, "BOOL is a byte of 0 or 1", post(echo.base + "/infer", body, refused(400), headers),
               "Undefined for other bytes: refused, as numpy would count 2 as true and C would not.", needs="echo")


# ---- statistics ----


def duration():
    return {"count": int, "ns": int}


def statistics_rules(m):
    rows, source = m.rows(3), "Triton, Statistics"
    kinds = ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss")
    stat = {"name": m.name, "version": m.version, "last_inference": int, "inference_count": int, "execution_count": int,
            "inference_stats": {kind: duration() for kind in kinds},
            "batch_stats": Each({"batch_size": int} | {kind: duration() for kind in ("compute_input", "compute_infer", "compute_output")}),
            "response_stats?": dict, "memory_usage?": list}
    one = Want(200, {"model_stats": [stat]}, JSON)
    yield Rule("stats", source, "GET .../stats: model_stats of every version of the model", get(m.base + "/stats", one))
    yield Rule("stats-version", source, "/versions/{v}/stats: of that version", get(f"{m.base}/versions/{m.version}/stats", one))
    yield Rule("stats-all", source, "GET /v2/models/stats: of all models", get("/v2/models/stats", Want(200, {"model_stats": Has((stat,))}, JSON)),
               "So no model can be called 'stats'.")
    look = (Ask("GET", m.base + "/stats"), one)
    infer = (Ask("POST", m.base + "/infer", m.request(rows)), Want(200))
    bad = (Ask("POST", m.base + "/infer", m.request(rows, outputs=[{"name": "ghost"}])), Want(400))
    yield Rule("stats-count", source, "a request of 3 rows: 3 inferences, 1 execution, 1 success, each duration counted once",
               [look, infer, look], across=counted(3))
    yield Rule("stats-fail", source, "a failed request counts as a failure and nothing else", [look, bad, look], across=failed,
               decision="Requests that cannot be decoded count too: what a client sees as an error is one.")
    yield Rule("stats-last", source, "last_inference is milliseconds since 1970", [infer, look], across=recent)


def stats_of(reply):
    return reply.json()["model_stats"][0]


def counted(n):
    def check(replies):
        before, after = stats_of(replies[0]), stats_of(replies[2])
        grown = {name: after[name] - before[name] for name in ("inference_count", "execution_count")}
        for kind in ("success", "queue", "compute_input", "compute_infer", "compute_output"):
            grown[kind] = after["inference_stats"][kind]["count"] - before["inference_stats"][kind]["count"]
        wanted = dict.fromkeys(grown, 1) | {"inference_count": n}
        batches = [sum(b["compute_infer"]["count"] for b in s["batch_stats"] if b["batch_size"] == n) for s in (before, after)]
        if batches[1] - batches[0] != 1:
            return f"batch_stats of size {n}: expected 1 more, found {batches}"
        return None if grown == wanted else f"grew by {grown}"
    return check


def failed(replies):
    before, after = stats_of(replies[0]), stats_of(replies[2])
    grown = {kind: after["inference_stats"][kind]["count"] - before["inference_stats"][kind]["count"] for kind in ("success", "fail")}
    grown["inference_count"] = after["inference_count"] - before["inference_count"]
    return None if grown == {"success": 0, "fail": 1, "inference_count": 0} else f"grew by {grown}"


def recent(replies):
    age_ms = time.time() * 1000 - stats_of(replies[1])["last_inference"]
    return None if -1000 < age_ms < 60_000 else f"last_inference is {age_ms:.0f} ms ago"


# ---- model repository ----


def repository_rules(m):
    source = "Triton, Model Repository"
    entry = {"name": m.name, "version": m.version, "state": "READY", "reason": str}
    base = f"/v2/repository/models/{m.name}"

    def index(want, body=b""):
        return (Ask("POST", "/v2/repository/index", body, {}, True), want)

    def change(what, name=base, want=Want(200), body=b""):
        return (Ask("POST", f"{name}/{what}", body, {}, True), want)

    def rule(id, says, steps, decision=""):
        return Rule(id, source, says, steps, decision, needs="admin")

    yield rule("index", "POST /v2/repository/index: every model with version, state and reason", [index(Want(200, Has((entry,)), JSON))],
               "Reading is for every client; loading and unloading are for the admin port only.")
    yield rule("index-object", "its body may be an object", [index(Want(200, Has((entry,))), {})])
    yield rule("index-ready", "ready true: only those that are ready", [index(Want(200, Each({"state": "READY"}, 1)), {"ready": True})])
    yield rule("index-bad", "ready is a boolean", [index(refused(400, "ready"), {"ready": "yes"})])
    yield Rule("index-data-port", source, "the index is on the data port too", post("/v2/repository/index", {}, Want(200, Has((entry,)), JSON)))
    for what in ("load", "unload"):
        yield Rule(f"{what}-data-port", "Ockham", f"{what} is not", post(f"{base}/{what}", {}, refused((403, 404))))
    gone = (Ask("GET", m.base + "/ready"), refused((404, 503)))
    there = (Ask("GET", m.base + "/ready"), Want(200))
    asked = (Ask("POST", m.base + "/infer", m.request(m.rows(1))), refused((404, 503), m.name))
    listed = index(Want(200, Has(({"name": m.name, "state": "UNAVAILABLE", "reason": Text(".")},))))
    yield rule("unload-load", "unload, then load: 200; between them the model is not ready and still in the index",
               [change("unload"), gone, asked, listed, change("load"), there,
                (Ask("POST", m.base + "/infer", m.request(m.rows(1))), Want(200, m.answer(m.rows(1))))])
    yield rule("load-again", "load of a model that is loaded: loaded anew, without a gap", [change("load"), there])
    yield rule("load-body", "load may have a body with parameters", [change("load", body={"parameters": {}}), there])
    yield rule("load-unknown", "load of a model that is not there", [change("load", "/v2/repository/models/nobody", refused((400, 404), "nobody"))],
               STATUS)
    yield rule("unload-unknown", "unload of one", [change("unload", "/v2/repository/models/nobody", refused((400, 404), "nobody"))], STATUS)
    yield rule("load-file", "load with a model in its body is refused", [change("load", body={"parameters": {
        "config": "{}", "file:1/model.onnx": "AAAA"}, }, want=refused((400, 501)))],
        "Triton writes such files to its disk: a server that takes programs from requests has no containment.")


# ---- what is not served ----


def absent_rules(m):
    says = "not served: not listed, and refused with an error"
    for id, method, path in (("trace", "GET", "/v2/trace/setting"), ("logging", "GET", "/v2/logging"),
                             ("config", "GET", m.base + "/config"), ("shared-memory", "GET", "/v2/systemsharedmemory/status"),
                             ("cuda-memory", "GET", "/v2/cudasharedmemory/status"), ("generate", "POST", m.base + "/generate")):
        yield Rule(f"absent-{id}", "Triton, Extensions", says, [(Ask(method, path, {} if method == "POST" else None), refused(404))],
                   {"trace": "The recorder is always on; its settings are those of the server.",
                    "config": "Triton's own configuration; the metadata have what a client needs.",
                    "shared-memory": "No path or key of a request names memory of the server."}.get(id, ""))
    shared = {"inputs": [{"name": "x", "shape": [1, m.d], "datatype": "FP64",
                          "parameters": {"shared_memory_region": "a", "shared_memory_byte_size": 8 * m.d}}]}
    yield Rule("absent-region", "Triton, Shared Memory", "an input in shared memory is refused", post(m.base + "/infer", shared, refused(400)))
    for name in ("trace", "logging", "model_configuration", "system_shared_memory", "cuda_shared_memory", "sequence", "classification"):
        yield Rule(f"unlisted-{name}", "Triton, README", f"{name} is not listed", get("/v2", Want(200)),
                   across=lambda replies, name=name: f"{name} is listed" if name in replies[0].json()["extensions"] else None)


# ---- compression: RFC 9110 8.4 and tritonclient's request_compression_algorithm ----


def compression_rules(m):
    rows, infer = m.rows(50), m.base + "/infer"
    plain = json.dumps(m.request(rows)).encode()
    source = "RFC 9110 8.4, tritonclient"
    for name, packed in (("gzip", gzip.compress(plain)), ("deflate", zlib.compress(plain)), ("identity", plain)):
        yield Rule(f"encoding-{name}", source, f"a body with Content-Encoding: {name}",
                   post(infer, packed, Want(200, m.answer(rows)), {"Content-Encoding": name}))
    packed = gzip.compress(m.binary_request(rows)[0])
    yield Rule("encoding-binary", source, "with binary data: the header counts bytes of the JSON before compression",
               post(infer, packed, Want(200, m.answer(rows)), m.binary_request(rows)[1] | {"Content-Encoding": "gzip"}),
               "Triton decompresses first and tritonclient counts so.")
    for id, body, coding, status in (("unknown", plain, "br", 415), ("list", plain, "gzip, gzip, gzip", (400, 415)),
                                     ("not", plain, "gzip", 400), ("cut", gzip.compress(plain)[:-9], "gzip", 400),
                                     ("trailing", gzip.compress(plain) + b"xx", "gzip", 400),
                                     ("checksum", gzip.compress(plain)[:-8] + b"\0" * 8, "gzip", 400)):
        yield Rule(f"encoding-{id}", "RFC 9110 15.5.16", "a coding that is not known, or a body that is none of it",
                   post(infer, body, refused(status), {"Content-Encoding": coding}))
    yield Rule("encoding-answer", "RFC 9110 12.5.3", "an answer is compressed only where the client takes it",
               [(Ask("POST", infer, m.request(rows)), Want(200, m.answer(rows), {"Content-Encoding": ABSENT})),
                (Ask("POST", infer, m.request(rows), {"Accept-Encoding": "gzip"}), Want(200, m.answer(rows)))])
