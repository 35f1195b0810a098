# SPDX-License-Identifier: Apache-2.0
"""Every rule of the Open Inference Protocol v2 over REST (inference_rest.md, open_inference_rest.yaml), as data."""
import json

from fixtures import DATATYPES, NO_JSON
from rules import ABSENT, Ask, Each, Has, Near, NUMBER, Rule, Text, Want

JSON = {"Content-Type": Text(r"^application/json")}
LIVE = "The .md gives a body, the .yaml only status 200, Triton an empty body: a status by itself says it, and there is a JSON body."
STATUS = "The protocol says 'typically 400': what is not there is 404, so that clients and proxies can tell it from bad input."


def refused(status, mentions="."):
    """An error: JSON with one line of text in it."""
    return Want(status, {"error": Text(f"^(?=[^\n]*{mentions})[^\n]+$")}, JSON)


def get(path, want, **headers):
    return [(Ask("GET", path, headers=headers), want)]


def post(path, body, want, headers=None, admin=False):
    return [(Ask("POST", path, body, headers or {}, admin), want)]


# ---- the server ----


def server_rules(m):
    meta = {"name": "ockham", "version": Text(r"^\d+\.\d+"), "extensions": Each(str, 1)}
    yield Rule("live", "OIP, Server Live", "GET /v2/health/live: 200 while requests are taken",
               get("/v2/health/live", Want(200, {"live": True}, JSON)), LIVE)
    yield Rule("ready", "OIP, Server Ready", "GET /v2/health/ready: 200 when every model is ready",
               get("/v2/health/ready", Want(200, {"ready": True}, JSON)),
               "The .md calls the field 'live' here too, an oversight: it is 'ready', as for a model; 503 when not.")
    yield Rule("server-metadata", "OIP, Server Metadata", "GET /v2: name, version and extensions", get("/v2", Want(200, meta, JSON)))
    yield Rule("server-metadata-slash", "OIP .yaml, /v2/", "GET /v2/ is the same", get("/v2/", Want(200, meta, JSON)),
               "The .md writes v2, the .yaml /v2/: both.")
    for name in ("binary_tensor_data", "statistics", "model_repository"):
        yield Rule(f"extension-{name}", "Triton, README", f"extensions lists {name}",
                   get("/v2", Want(200, {"extensions": Has((name,))})))
    yield Rule("error-json", "OIP, Response JSON Error Object", "a failed request has an error status and {\"error\": text}",
               get("/v2/nothing", refused(404)), STATUS)
    yield Rule("error-one-line", "Ockham", "the text of an error is one line", get("/nothing/here", refused(404)))


# ---- a model ----


def tensor(name, datatype, shape):
    return {"name": name, "datatype": datatype, "shape": shape}


def model_rules(m):
    meta = {"name": m.name, "versions?": Each(str, 1), "platform": Text(r"^[a-z0-9.]+_[a-z0-9_]+$"),
            "inputs": [tensor("x", "FP64", [-1, m.d])],
            "outputs": [tensor("cluster", "INT64", [-1]), tensor("squared_distance", "FP64", [-1])]}
    at_version = f"{m.base}/versions/{m.version}"
    yield Rule("model-metadata", "OIP, Model Metadata", "name, platform, inputs, outputs", get(m.base, Want(200, meta, JSON)),
               "The list of platforms is closed in the text and ignored by all servers: ours are named <project>_<format> too.")
    yield Rule("model-versions", "OIP, Model Metadata", "versions lists what may be asked for",
               get(m.base, Want(200, {"versions": Has((m.version,))})))
    yield Rule("model-metadata-version", "OIP, Model Metadata", "/versions/{v}: of that version", get(at_version, Want(200, meta, JSON)))
    yield Rule("model-variable", "OIP, Model Metadata", "a dimension of any size is -1",
               get(m.base, Want(200, {"inputs": Each({"shape": Has((-1,))})})))
    yield Rule("model-columns", "Ockham", "columns gives the names that rows may use", get(m.base, Want(200, {"columns": m.columns})))
    yield Rule("model-ready", "OIP, Model Ready", "GET .../ready: 200, name and ready",
               get(m.base + "/ready", Want(200, {"name": m.name, "ready": True}, JSON)), LIVE)
    yield Rule("model-ready-version", "OIP, Model Ready", "/versions/{v}/ready: of that version",
               get(at_version + "/ready", Want(200, {"name": m.name, "ready": True}, JSON)))
    for id, path in (("metadata", "/v2/models/nobody"), ("ready", "/v2/models/nobody/ready"),
                     ("stats", "/v2/models/nobody/stats")):
        yield Rule(f"unknown-model-{id}", "OIP, JSON Error Object", "a model that is not there", get(path, refused(404, "nobody")),
                   STATUS)
    for id, path in (("metadata", ""), ("ready", "/ready"), ("stats", "/stats")):
        yield Rule(f"unknown-version-{id}", "OIP, JSON Error Object", "a version that is not there",
                   get(f"{m.base}/versions/77{path}", refused(404, "77")), STATUS)
    yield Rule("unknown-model-infer", "OIP, Inference Response JSON Error Object", "inference by a model that is not there",
               post("/v2/models/nobody/infer", m.request(m.rows(1)), refused(404, "nobody")), STATUS)
    yield Rule("unknown-version-infer", "OIP, Inference Response JSON Error Object", "or by such a version",
               post(f"{m.base}/versions/77/infer", m.request(m.rows(1)), refused(404, "77")), STATUS)
    yield Rule("model-name-encoded", "RFC 3986 2.1", "a name may be percent-encoded",
               get(f"/v2/models/%{ord(m.name[0]):02x}{m.name[1:]}", Want(200, {"name": m.name})))
    yield Rule("model-name-empty", "Ockham", "a path without a name is no model's", get("/v2/models//ready", refused((400, 404))))
    yield Rule("query-ignored", "RFC 3986 3.4", "a query that means nothing changes nothing",
               get(m.base + "?a=b&c", Want(200, {"name": m.name})))


# ---- inference, JSON ----


def infer_rules(m):
    rows, infer = m.rows(4), m.base + "/infer"
    one = m.rows(1)

    def asks(id, source, says, request, want, decision=""):
        return Rule(id, source, says, post(infer, request, want), decision)

    request, response = "OIP, Inference Request JSON Object", "OIP, Inference Response JSON Object"
    yield asks("infer", response, "200, model_name, outputs with name, shape, datatype and data", m.request(rows),
               Want(200, m.answer(rows), JSON))
    yield Rule("infer-version", request, "/versions/{v}/infer: by that version; model_version tells it",
               post(f"{m.base}/versions/{m.version}/infer", m.request(rows), Want(200, m.answer(rows))))
    yield asks("infer-one", request, "one row", m.request(one), Want(200, m.answer(one)))
    yield asks("infer-1000", "OIP, Request Input", "shape and data are those of the entire batch", m.request(m.rows(1000)),
               Want(200, m.answer(m.rows(1000))))
    yield asks("infer-no-rows", "OIP, Request Input", "a dimension may be 0: an empty batch has an empty answer", m.request([]),
               Want(200, m.answer([])), "Nothing says that a batch must have a row: pipelines send empty ones.")
    for id, text in (("plain", "42"), ("empty", ""), ("escapes", 'a"b\\c\n\u0001ü😀/'), ("long", "x" * 4000)):
        yield asks(f"id-{id}", request, "an id is returned as it came", m.request(one, id=text), Want(200, m.answer(one, id=text)))
    yield asks("id-none", request, "no id, none in the answer", m.request(one), Want(200, {"id": ABSENT}),
               "The text has id in every answer, 'if any': where none came, none is made up.")
    yield asks("id-number", request, "an id is text", m.request(one, id=42), refused(400, "id"))
    yield asks("outputs-one", request, "only the outputs asked for", m.request(rows, outputs=[{"name": "cluster"}]),
               Want(200, {"outputs": m.outputs(rows)[:1]}))
    yield asks("outputs-order", request, "in the order asked for",
               m.request(rows, outputs=[{"name": "squared_distance"}, {"name": "cluster"}]),
               Want(200, {"outputs": m.outputs(rows)[::-1]}), "No order is defined: that of the request is the one a client expects.")
    yield asks("outputs-empty", request, "an empty list asks for all", m.request(rows, outputs=[]), Want(200, m.answer(rows)),
               "It could also mean none; Triton and MLServer return all.")
    yield asks("outputs-unknown", request, "an output that is not there", m.request(one, outputs=[{"name": "ghost"}]),
               refused(400, "ghost"))
    yield asks("outputs-nameless", "OIP, Request Output", "an output has a name", m.request(one, outputs=[{}]),
               refused(400, r"outputs\[0\]"))
    yield asks("parameters", "OIP, Parameters", "values are text, numbers, booleans; unknown ones change nothing",
               m.request(one, parameters={"a": "b", "c": 1.5, "d": True}), Want(200, m.answer(one)))
    yield asks("parameters-input", "OIP, Request Input", "an input may have parameters",
               {"inputs": [m.input(one, parameters={"content_type": "np"})]}, Want(200, m.answer(one)))
    yield asks("parameters-type", "OIP, Parameters", "parameters are an object", m.request(one, parameters=[1]), refused(400, "parameters"))
    yield asks("unknown-key", request, "further keys are passed over", m.request(one, model_name="x", extra={"a": [1, {}]}),
               Want(200, m.answer(one)), "Triton's own example sends a model_name: refusing would break its users.")
    yield asks("key-order", request, "keys may come in any order",
               dict(reversed(list(m.request(one, id="z", outputs=[{"name": "cluster"}]).items()))), Want(200, {"id": "z"}))
    yield asks("key-order-input", "OIP, Request Input", "those of an input too, data first",
               {"inputs": [dict(reversed(list(m.input(rows).items())))]}, Want(200, m.answer(rows)))
    yield Rule("content-type-any", "Ockham", "the body is JSON whatever Content-Type says, so `curl -d` works",
               post(infer, json.dumps(m.request(one)).encode(), Want(200, m.answer(one)),
                    {"Content-Type": "application/x-www-form-urlencoded"}),
               "The protocol does not name a type; tritonclient sends none.")
    yield Rule("content-type-none", "Ockham", "nor is it needed",
               post(infer, json.dumps(m.request(one)).encode(), Want(200, m.answer(one)), {}))
    yield Rule("same-answer", "Ockham", "the same request has the same answer, alone or in a batch",
               post(infer, m.request(rows), Want(200, m.answer(rows))) + post(infer, m.request(rows[2:3]), Want(200, m.answer(rows[2:3]))),
               across=lambda replies: None if replies[0].json()["outputs"][1]["data"][2] == replies[1].json()["outputs"][1]["data"][0]
               else "a row alone has another distance than in the batch")


def malformed_rules(m):
    """JSON that is none, or not what the protocol has."""
    infer, good = m.base + "/infer", json.dumps(m.request(m.rows(1))).encode()
    flat = {"name": "x", "shape": [1, m.d], "datatype": "FP64"}
    row = [0.5] * m.d
    bodies = {
        "empty": (b"", "."), "not-json": (b"hello", "."), "truncated": (good[:-5], "."), "trailing": (good + b"x", "."),
        "two": (good + good, "."), "array": (b"[]", "."), "null": (b"null", "."), "string": (b'"x"', "."),
        "comma": (good.replace(b"]", b",]", 1), "."), "single-quotes": (good.replace(b'"', b"'"), "."),
        "utf8": (good.replace(b'"inputs"', b'"id": "\xff\xfe", "inputs"'), "."),
        "utf8-overlong": (good.replace(b'"inputs"', b'"id": "\xc0\xaf", "inputs"'), "."),
        "control": (good.replace(b'"inputs"', b'"id": "a\nb", "inputs"'), "."),
        "key-twice": (good.replace(b'"inputs"', b'"id": "1", "id": "2", "inputs"'), "id"),
        "nan": (json.dumps({"inputs": [flat | {"data": row}]}).encode().replace(b"0.5", b"NaN", 1), "."),
        "infinity": (json.dumps({"inputs": [flat | {"data": row}]}).encode().replace(b"0.5", b"Infinity", 1), "."),
        "number-plus": (json.dumps({"inputs": [flat | {"data": row}]}).encode().replace(b"0.5", b"+1", 1), "."),
        "number-zero": (json.dumps({"inputs": [flat | {"data": row}]}).encode().replace(b"0.5", b"01", 1), "."),
        "number-dot": (json.dumps({"inputs": [flat | {"data": row}]}).encode().replace(b"0.5", b"1.", 1), "."),
        "number-hex": (json.dumps({"inputs": [flat | {"data": row}]}).encode().replace(b"0.5", b"0x1", 1), "."),
        "number-large": (json.dumps({"inputs": [flat | {"data": row}]}).encode().replace(b"0.5", b"1e400", 1), r"data\[0\]"),
    }
    for id, (body, mentions) in bodies.items():
        yield Rule(f"json-{id}", "RFC 8259", "what is no JSON, or not of one meaning, is refused", post(infer, body, refused(400, mentions)))
    yield Rule("json-space", "RFC 8259 2", "white space is fine wherever JSON has it",
               post(infer, b" \r\n\t" + json.dumps(m.request(m.rows(1)), indent=3).encode() + b"\n ", Want(200, m.answer(m.rows(1)))))
    yield Rule("json-escaped-keys", "RFC 8259 7", "keys may be written with escapes",
               post(infer, good.replace(b'"inputs"', b'"\\u0069nputs"').replace(b'"data"', b'"d\\u0061ta"'), Want(200, m.answer(m.rows(1)))))
    yield Rule("json-numbers", "RFC 8259 6", "every way of writing a number",
               post(infer, json.dumps({"inputs": [flat | {"data": [1.5] * m.d}]}).replace("1.5", "15E-1", 1).encode(),
                    Want(200, {"outputs": [{"data": m.labels([[1.5] * m.d])}, {"data": m.squares([[1.5] * m.d])}]})))
    parts = {
        "no-inputs": ({}, "inputs"), "inputs-object": ({"inputs": {}}, "inputs"), "inputs-empty": ({"inputs": []}, r"\bx\b|inputs"),
        "inputs-null": ({"inputs": None}, "inputs"), "input-null": ({"inputs": [None]}, r"inputs\[0\]"),
        "outputs-object": (m.request(m.rows(1), outputs={}), "outputs"),
    }
    for key in ("name", "shape", "datatype", "data"):
        parts[f"no-{key}"] = ({"inputs": [{k: v for k, v in m.input(m.rows(1)).items() if k != key}]}, key)
    for key, value in (("name", 3), ("shape", 3), ("datatype", 3), ("data", 3), ("data", "1 2"), ("data", {}), ("data", None)):
        parts[f"{key}-{type(value).__name__}"] = ({"inputs": [m.input(m.rows(1), **{key: value})]}, key)
    for id, (body, mentions) in parts.items():
        yield Rule(f"form-{id}", "OIP, Request Input", "what is required must be there, of its type", post(infer, body, refused(400, mentions)))


def shape_rules(m):
    infer, rows = m.base + "/infer", m.rows(4)
    source, d = "OIP, Tensor Data", m.d

    def asks(id, says, tensors, want, decision=""):
        return Rule(id, source, says, post(infer, {"inputs": tensors}, want), decision)

    flat = [v for row in rows for v in row]
    yield asks("data-nested", "nested, as the shape has it", [m.input(rows, data=rows)], Want(200, m.answer(rows)))
    yield asks("data-flat", "or flat, row-major", [m.input(rows)], Want(200, m.answer(rows)))
    yield asks("data-emitted-flat", "answers are flat", [m.input(rows)], Want(200, {"outputs": Each({"data": Each(NUMBER)})}))
    yield asks("data-ragged", "rows of unequal length", [m.input(rows, data=[rows[0], rows[1][:-1], rows[2] + [1.0], rows[3]])],
               refused(400, "data"), "The numbers add up, but no such tensor exists: refused rather than guessed.")
    yield asks("data-nested-otherwise", "nested otherwise than the shape", [m.input(rows, data=[flat])], refused(400, "data"),
               "Flat or as the shape, nothing between: a transposed table would pass otherwise.")
    yield asks("data-few", "fewer numbers than the shape", [m.input(rows, data=flat[:-1])], refused(400, "data"))
    yield asks("data-many", "more numbers than the shape", [m.input(rows, data=flat + [1.0])], refused(400, "data"))
    yield asks("data-text", "text is no number", [m.input(rows, data=["1.5"] + flat[1:])], refused(400, r"data\[0\]"),
               "The server may coerce: a number in quotes is a mistake of the client, and is named.")
    yield asks("data-true", "nor is true", [m.input(rows, data=[True] + flat[1:])], refused(400, r"data\[0\]"))
    yield asks("data-null", "nor null", [m.input(rows, data=[None] + flat[1:])], refused(400, r"data\[0\]"))
    yield asks("data-integers", "integers are numbers", [m.input([[1] * d], data=[1] * d)],
               Want(200, {"outputs": [{"data": m.labels([[1] * d])}, {"data": m.squares([[1] * d])}]}))
    for id, shape in (("negative", [-1, d]), ("fraction", [4.5, d]), ("text", ["4", d]), ("large", [2**32, 2**32]), ("huge", [2**64, d]),
                      ("overflow", [2**63, 2]), ("rank", [4 * d]), ("rank-3", [4, d, 1]), ("columns", [4 * d // (d + 1), d + 1]),
                      ("deep", [1] * 20 + [4, d]), ("none", [])):
        yield asks(f"shape-{id}", "a shape that cannot be, or is not the model's", [m.input(rows, shape=shape)], refused(400, "shape"))
    yield asks("shape-zero-columns", "a shape of 0 where the model has a number", [m.input(rows, shape=[4, 0], data=[])], refused(400, "shape"))
    yield asks("input-unknown", "an input that the model does not have", [m.input(rows, name="ghost")], refused(400, "ghost"))
    yield asks("input-twice", "an input twice", [m.input(rows), m.input(rows)], refused(400, r"\bx\b"))
    yield asks("input-extra", "an input too many", [m.input(rows), m.input(rows, name="ghost")], refused(400, "ghost"))
    yield asks("datatype-unknown", "a datatype that is none", [m.input(rows, datatype="FLOAT")], refused(400, "FLOAT"))
    yield asks("datatype-case", "datatypes are upper case", [m.input(rows, datatype="fp64")], refused(400, "fp64"))
    for datatype in ("FP32", "INT64", "UINT8"):
        whole = [[float(round(abs(v)) % 200) for v in row] for row in rows]
        yield asks(f"coerce-{datatype.lower()}", f"{datatype} where the model takes FP64",
                   [m.input(whole, datatype=datatype, data=[int(v) for row in whole for v in row])], Want(200, m.answer(whole)),
                   "The server may coerce: a fitted model takes every numeric datatype, numpy's float32 above all.")
    yield asks("coerce-bytes", "BYTES where the model takes numbers", [m.input(rows, datatype="BYTES", data=["a"] * 4 * d)],
               refused(400, "BYTES"))
    yield asks("columns-named", "one tensor a column, by name",
               [tensor(name, "FP64", [4]) | {"data": [row[j] for row in rows]} for j, name in enumerate(m.columns)], Want(200, m.answer(rows)),
               "Ours: what MLServer's pandas codec sends.")
    yield asks("columns-rank-2", "also of shape [n, 1]",
               [tensor(name, "FP64", [4, 1]) | {"data": [row[j] for row in rows]} for j, name in enumerate(m.columns)], Want(200, m.answer(rows)))
    yield asks("columns-reordered", "in any order",
               [tensor(name, "FP64", [4]) | {"data": [row[j] for row in rows]} for j, name in reversed(list(enumerate(m.columns)))],
               Want(200, m.answer(rows)))
    yield asks("columns-lacking", "a column lacks",
               [tensor(m.columns[0], "FP64", [4]) | {"data": [1, 2, 3, 4]}], refused(400, m.columns[1]))
    yield asks("columns-uneven", "columns of different length",
               [tensor(name, "FP64", [4 + j]) | {"data": [1.0] * (4 + j)} for j, name in enumerate(m.columns)], refused(400, "rows|shape"))


# ---- datatypes ----

INTEGERS = {"UINT8": (0, 2**8 - 1), "UINT16": (0, 2**16 - 1), "UINT32": (0, 2**32 - 1), "UINT64": (0, 2**64 - 1),
            "INT8": (-(2**7), 2**7 - 1), "INT16": (-(2**15), 2**15 - 1), "INT32": (-(2**31), 2**31 - 1), "INT64": (-(2**63), 2**63 - 1)}
VALUES = {"BOOL": [True, False], "FP16": [0.5, -2.0, 65504.0], "BF16": [1.0, -2.5, 0.0], "FP32": [0.1, -3.5, 3.4028234663852886e38, 1e-45],
          "FP64": [0.1, -1e-300, 5e-324, 1.7976931348623157e308, 123456789.123456789],
          "BYTES": ["", "plain", "ü\u0000\n\"\\", "😀", "x" * 3000]} | {name: [low, high, 7] for name, (low, high) in INTEGERS.items()}
AS_JSON = {"FP32": [Near(0.1), -3.5, Near(3.4028234663852886e38), Near(0)]}
IN_BINARY = {"FP32": [Near(0.1), -3.5, Near(3.4028234663852886e38), Near(0)],
             "BYTES": [text.encode().decode("latin-1") for text in VALUES["BYTES"]]}


def datatype_rules(_m, echo):
    infer, source = echo.base + "/infer", "OIP, Tensor Data Types"

    def asks(id, says, ask, want, decision=""):
        body, headers = ask
        return Rule(id, source, says, post(infer, body, want, headers), decision, needs="echo")

    for name in DATATYPES:
        values = VALUES[name]
        if name not in NO_JSON:
            yield asks(f"{name.lower()}-json", f"{name} as JSON, there and back, exactly", echo.ask(name, values),
                       Want(200, echo.answer(name, AS_JSON.get(name, values))))
        yield asks(f"{name.lower()}-binary", f"{name} as binary data, there and back, exactly", echo.ask(name, values, True),
                   Want(200, tensors={name.lower(): IN_BINARY.get(name, values)}))
    for name in NO_JSON:
        body = {"inputs": [{"name": name.lower(), "shape": [1], "datatype": name, "data": [1.0]}]}
        yield Rule(f"{name.lower()}-no-json", "OIP, Tensor Data", f"{name} has no JSON form", post(infer, body, refused(400, name)),
                   "'Problematic to communicate explicitly', says the text: refused, binary data is the way.", needs="echo")
    for name, (low, high) in INTEGERS.items():
        for id, value in (("below", low - 1), ("above", high + 1), ("fraction", 1.5)):
            yield asks(f"{name.lower()}-{id}", f"{name} holds whole numbers from {low} to {high}", echo.ask(name, [7, value]),
                       refused(400, r"data\[1\]"), "The server may coerce or refuse: a number that would become another is refused.")
    yield asks("fp32-above", "FP32 has a largest number", echo.ask("FP32", [1e39]), refused(400, r"data\[0\]"))
    yield asks("bool-number", "BOOL is true or false, not 1", echo.ask("BOOL", [1]), refused(400, r"data\[0\]"))
    yield asks("bytes-number", "BYTES are texts", echo.ask("BYTES", [1]), refused(400, r"data\[0\]"))
    body, headers = echo.ask("BYTES", ["@"])
    for id, text in (("surrogate", b'"\\ud800"'), ("escape", b'"\\x41"'), ("half-escape", b'"\\u12"')):
        yield Rule(f"bytes-{id}", "RFC 8259 7", "text with an escape that is none", needs="echo",
                   steps=post(infer, body.replace(b'"@"', text), refused(400), headers | {
                       "Inference-Header-Content-Length": str(int(headers["Inference-Header-Content-Length"]) + len(text) - 3)}))
    yield asks("bytes-any", "BYTES as binary data need not be text", echo.ask("BYTES", [b"\xff\x00\xfe", b""], True),
               Want(200, tensors={"bytes": ["\xff\x00\xfe", ""]}))
