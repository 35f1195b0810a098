# SPDX-License-Identifier: Apache-2.0
"""Rules that are ours: friendly forms of the same models, HTTP itself, and the admin port."""
import json

from protocol import JSON, get, post, refused
from rules import ABSENT, ANY, NUMBER, Ask, Each, Near, Rule, Text, Want

PLAIN = {"Content-Type": Text("^text/plain")}


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


# ---- rows ----


def row_rules(m):
    rows, at = m.rows(3), f"/m/{m.name}"
    answers = [{"cluster": m.labels(rows)[i], "squared_distance": m.squares(rows)[i]} for i in range(3)]
    records, head = m.records(rows), ",".join(m.columns) + "\n"
    text = "".join(",".join(map(repr, row)) + "\n" for row in rows)
    csv_type, nd_type = {"Content-Type": "text/csv"}, {"Content-Type": "application/x-ndjson"}

    def asks(id, says, body, want, headers=None, decision=""):
        return Rule(f"rows-{id}", "Ockham, rows", says, post(at, body, want, headers), decision)

    yield asks("records", "POST /m/{m}: objects in a list; an object a row", records, Want(200, answers, JSON))
    yield asks("arrays", "lists, in the order of the columns", rows, Want(200, answers, JSON))
    yield asks("record", "one object: one object", records[0], Want(200, answers[0], JSON))
    yield asks("array", "one list: one object", rows[0], Want(200, answers[0], JSON))
    yield asks("wrapped", "in {\"rows\": ...}: a list", {"rows": records}, Want(200, answers, JSON))
    yield asks("empty", "no rows: none", [], Want(200, [], JSON))
    yield asks("reordered", "keys in any order", [dict(reversed(list(r.items()))) for r in records], Want(200, answers))
    yield asks("lacking", "a column lacks: its name and the row", records[:1] + [{m.columns[0]: 1}], refused(400, m.columns[1]))
    yield asks("unknown", "a column that is not the model's: its name", [records[0] | {"ghost": 1}], refused(400, "ghost"))
    yield asks("twice", "a column twice", (json.dumps(records[0])[:-1] + f', "{m.columns[0]}": 1}}').encode(), refused(400, m.columns[0]),
               {"Content-Type": "application/json"})
    yield asks("text", "text for a number: column and row", records[:1] + [records[1] | {m.columns[1]: "tall"}], refused(400, m.columns[1]))
    yield asks("null", "null for a number", [records[0] | {m.columns[1]: None}], refused(400, m.columns[1]))
    yield asks("short", "a list too short", [rows[0], rows[1][:-1]], refused(400))
    yield asks("long", "a list too long", [rows[0] + [1]], refused(400))
    yield asks("number", "a number is no row", 3, refused(400))
    yield asks("csv", "CSV with a header: CSV", (head + text).encode(), Want(200, None, {"Content-Type": Text("^text/csv")},
                                                                          r"^cluster,squared_distance\r?\n%d,[0-9.e-]+\r?\n" % m.labels(rows)[0]), csv_type)
    yield asks("csv-bare", "CSV of numbers without one", text.encode(), Want(200, None, text=r"^cluster,squared_distance\r?\n(\d,[^\n]+\n){3}$"), csv_type)
    yield asks("csv-charset", "text/csv with parameters", (head + text).encode(), Want(200, None, text="^cluster,"), {
        "Content-Type": "Text/CSV; charset=utf-8; header=present"})
    yield asks("csv-extra", "further columns are passed over", ("id," + head + "".join(f"r{i}," + line + "\n" for i, line in enumerate(
        text.splitlines()))).encode(), Want(200, None, text=r"^cluster,squared_distance\r?\n(\d,[^\n]+\n){3}$"), csv_type,
        "A file is sent as it is; in JSON, where the sender wrote each key, an unknown one is a mistake.")
    yield asks("csv-lacking", "a column lacks", f"{m.columns[0]}\n1\n".encode(), refused(400, m.columns[1]), csv_type)
    yield asks("csv-text", "text for a number", (head + text + ",".join(["tall"] * m.d) + "\n").encode(), refused(400, m.columns[0]), csv_type)
    yield asks("csv-empty", "an empty file", b"", refused(400), csv_type)
    yield asks("ndjson", "NDJSON: a line a row", lines(*records), Want(200, None, {"Content-Type": Text("ndjson")},
                                                                     r'^\{"cluster": ?%d, ?"squared_distance": ?[0-9.e-]+\}\n(\{[^\n]+\}\n){2}$' % m.labels(rows)[0]), nd_type)
    yield asks("ndjson-last", "the last line may lack its end", lines(*records)[:-1], Want(200, None, text=r"^(\{[^\n]+\}\n){3}$"), nd_type)
    yield asks("ndjson-bad", "a line that is no row", lines(*records) + b"{\n", refused(400), nd_type)
    yield asks("type", "another Content-Type: 415 and those that are taken", b"<x/>", refused(415, "csv"), {"Content-Type": "application/xml"})
    yield Rule("rows-unknown-model", "Ockham, rows", "a model that is not there", post("/m/nobody", rows, refused(404, "nobody")))
    yield Rule("rows-get", "Ockham, rows", "GET has no rows", get(at, refused(405, "POST")))


def other_rules(m):
    rows = m.rows(3)
    answers = [{"cluster": m.labels(rows)[i], "squared_distance": m.squares(rows)[i]} for i in range(3)]
    predict, source = f"/v1/models/{m.name}:predict", "TensorFlow Serving, Predict API"
    want = Want(200, {"predictions": answers}, JSON)
    yield Rule("predict", source, "POST /v1/models/{m}:predict with instances: predictions", post(predict, {"instances": rows}, want))
    yield Rule("predict-records", source, "instances may be objects", post(predict, {"instances": m.records(rows)}, want))
    yield Rule("predict-name", source, "signature_name changes nothing", post(predict, {"signature_name": "serving_default", "instances": rows}, want))
    yield Rule("predict-none", source, "neither instances nor inputs", post(predict, {"rows": rows}, refused(400, "instances")))
    yield Rule("predict-unknown", source, "a model that is not there", post("/v1/models/nobody:predict", {"instances": rows}, refused(404, "nobody")))
    source = "MLflow, Local Inference Server; SageMaker"
    frame = {"dataframe_split": {"columns": m.columns, "data": rows}}
    at = f"/invocations?model={m.name}"
    yield Rule("invocations-split", source, "POST /invocations with dataframe_split", post(at, frame, want),
               "The path names no model: with several ?model= does.")
    yield Rule("invocations-which", source, "a model that is not there", post("/invocations?model=nobody", frame, refused(404, "nobody")))
    yield Rule("invocations-index", source, "with an index", post(at, {"dataframe_split": {"index": [0, 1, 2]} | frame["dataframe_split"]}, want))
    yield Rule("invocations-records", source, "with dataframe_records", post(at, {"dataframe_records": m.records(rows)}, want))
    yield Rule("invocations-instances", source, "with instances", post(at, {"instances": rows}, want))
    yield Rule("invocations-csv", source, "with CSV", post(at, (",".join(m.columns) + "\n" + ",".join(map(repr, rows[0])) + "\n").encode(),
                                                          Want(200), {"Content-Type": "text/csv"}))
    yield Rule("invocations-bad", source, "with none of them", post(at, {"x": 1}, refused(400)))
    yield Rule("ping", source, "GET /ping: 200 when ready", get("/ping", Want(200)))


# ---- HTTP ----


def http_rules(m):
    infer, one = m.base + "/infer", m.request(m.rows(1))
    source = "RFC 9110"
    for id, method, path in (("infer", "GET", infer), ("metadata", "POST", m.base), ("ready", "DELETE", m.base + "/ready"), ("server", "PUT", "/v2")):
        body = {} if method in ("POST", "PUT") else None
        yield Rule(f"method-{id}", source + " 15.5.6", "another method: 405, and Allow says which",
                   [(Ask(method, path, body), Want(405, {"error": str}, JSON | {"Allow": Text("POST" if id == "infer" else "GET")}))])
    yield Rule("method-head", source + " 9.3.2", "HEAD: as GET without a body",
               [(Ask("HEAD", "/v2/health/ready"), Want(200, empty=True)), (Ask("HEAD", m.base), Want(200, empty=True))])
    yield Rule("method-options", source + " 9.3.7", "OPTIONS: what is allowed, and no CORS by default",
               [(Ask("OPTIONS", infer), Want((200, 204, 405), None, {"Allow": Text("POST"), "Access-Control-Allow-Origin": ABSENT}))])
    yield Rule("date", source + " 6.6.1", "answers have a Date", get("/v2", Want(200, None, {"Date": Text("GMT$")})))
    given = {"X-Request-Id": "abc-123.x"}
    yield Rule("request-id", "Ockham", "X-Request-Id is returned", post(infer, one, Want(200, None, {"X-Request-Id": "abc-123.x"}), given))
    yield Rule("request-id-made", "Ockham", "or made", post(infer, one, Want(200, None, {"X-Request-Id": Text(r"^[!-~]{8,}$")})))
    yield Rule("request-id-error", "Ockham", "of a failed request too", post(infer, {}, Want(400, None, {"X-Request-Id": "abc-123.x"}), given))
    yield Rule("request-id-long", "Ockham", "one that is too long is not",
               post(infer, one, Want((200, 400), None, {"X-Request-Id": Text("^.{1,256}$")}), {"X-Request-Id": "a" * 3000}))
    yield Rule("traceparent", "W3C Trace Context", "traceparent is taken", post(infer, one, Want(200, None, {
        "traceresponse": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}), {
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}))
    yield Rule("traceparent-bad", "W3C Trace Context", "and passed over when it is none", post(infer, one, Want(200, None, {"traceresponse": ABSENT}), {"traceparent": "x"}))
    yield Rule("server-timing", "W3C Server Timing", "Server-Timing says where the time went",
               post(infer, one, Want(200, None, {"Server-Timing": Text(r"compute;dur=[\d.]+")})))
    yield Rule("model-version", "Ockham", "X-Model-Version says who answered", post(infer, one, Want(200, None, {"X-Model-Version": m.version})))
    yield Rule("deadline", "Ockham", "X-Deadline-Ms that is ample", post(infer, one, Want(200), {"X-Deadline-Ms": "10000"}))
    yield Rule("deadline-bad", "Ockham", "that is no number", post(infer, one, refused(400, "X-Deadline-Ms"), {"X-Deadline-Ms": "soon"}))


# ---- what is for people ----


def people_rules(m):
    yield Rule("home", "Ockham", "GET /: a curl line that works for every model", get("/", Want(200, None, PLAIN, f"curl.*{m.name}")))
    yield Rule("home-html", "Ockham", "as HTML where Accept prefers it", get("/", Want(200, None, {"Content-Type": Text("^text/html")}, m.name),
                                                                            Accept="text/html,*/*;q=0.8"))
    spec = {"openapi": Text(r"^3\."), "info": {"title": str, "version": str}, "paths": {f"/v2/models/{m.name}/infer": {"post": dict}, "/v2": {"get": dict},
                                                                                      f"/m/{m.name}": {"post": dict}, "/v2/models/{model}/drift": {"get": dict},
                                                                                      "/admin/outcomes": {"post": dict}}}
    yield Rule("openapi", "Ockham", "GET /openapi.json: OpenAPI 3", get("/openapi.json", Want(200, spec, JSON)))
    yield Rule("data-metrics", "Ockham", "/metrics is not on the data port", get("/metrics", refused(404)))
    yield Rule("data-admin", "Ockham", "nor is /admin", get("/admin/models", refused(404)))


def admin_rules(m):
    def rule(id, says, path, want, **headers):
        return Rule(id, "Ockham", says, [(Ask("GET", path, None, headers, True), want)], needs="admin")

    yield rule("metrics", "GET /metrics: Prometheus text", "/metrics",
               Want(200, None, {"Content-Type": Text(r"^text/plain; *version=0\.0\.4")}, r"# TYPE \S+ (counter|gauge|histogram)\n"))
    yield Rule("metrics-format", "Prometheus, Exposition Formats", "each line is a comment or a sample; histograms are cumulative",
               [(Ask("GET", "/metrics", None, {}, True), Want(200))], across=metrics_problem, needs="admin")
    yield Rule("console", "Ockham", "GET /: the console, which allows no foreign scripts", [(Ask("GET", "/", None, {}, True), Want(200))],
               "A build without the charts has no console and says so in text.", console_problem, "admin")
    yield Rule("admin-host", "Ockham", "another Host is refused: no page of the web reaches it by a name of its own",
               [(Ask("GET", "/metrics", None, {"Host": "evil.example"}, True), refused((400, 403, 421)))], needs="admin")
    yield Rule("admin-origin", "Ockham", "nor may a page of another origin change anything",
               [(Ask("POST", f"/v2/repository/models/{m.name}/unload", b"", {"Origin": "http://evil.example"}, True), refused(403))],
               needs="admin")


def drift_rules(m):
    def ask(method, path, body, want, id, says, decision="", **headers):
        return Rule(id, "Ockham", says, [(Ask(method, path, body, headers, True), want)], decision, needs="admin")

    about = {"model": m.name, "version": m.version, "status": Text("^(off|no profile|cannot be watched|starting|learning|quiet|drift)$"),
             "since_ns": int, "rows": int, "dropped": int, "skipped": int, "limits": Text("concept drift"),
             "series": Each({"name": Text("^(latency|failures|outcomes)$"), "status": str, "values": int}, 3)}
    yield ask("GET", m.base + "/drift", None, Want(200, about, JSON), "drift", "GET .../drift: whether its rows still look like the profile's")
    yield ask("GET", f"{m.base}/versions/{m.version}/drift", None, Want(200, about, JSON), "drift-version", "/versions/{v}/drift: of that version")
    yield ask("GET", "/v2/models/nobody/drift", None, refused(404), "drift-unknown", "of a model that is not there")
    yield Rule("drift-admin", "Ockham", "only at the admin address", get(m.base + "/drift", refused(404, "admin")),
               "The names of bins hold values of the training data.")
    base = {"model": m.name, "version": m.version}
    told = {"stored": 2, "watched": 2, "unknown_requests": 0, "without_answer": 0}
    yield ask("POST", "/admin/outcomes", [base | {"error": 0}, base | {"predicted": 1, "actual": 1, "time": 1764000000}], Want(200, told, JSON),
              "outcomes", "POST /admin/outcomes: what turned out later, as a list")
    lines = "".join(f'{{"model":"{m.name}","version":"{m.version}","error":{i}}}\n' for i in range(2)).encode()
    yield ask("POST", "/admin/outcomes", lines, Want(200, told, JSON), "outcomes-lines", "or one a line")
    yield ask("POST", "/admin/outcomes", [{"id": "never-asked", "actual": 1}], Want(200, {"stored": 1, "watched": 0, "unknown_requests": 1}, JSON),
              "outcomes-unknown", "of a request that is not in the recording", "Stored: it is no mistake that a recording is finite.")
    yield ask("POST", "/admin/outcomes", [], Want(200, {"stored": 0}, JSON), "outcomes-none", "none at all")
    for id, bad, mentions in (("key", base | {"error": 0, "colour": 1}, r"outcomes\[1\].*colour"), ("both", base | {"error": 0, "actual": 1}, r"outcomes\[1\]"),
                              ("neither", base, r"outcomes\[1\]"), ("negative", base | {"error": -1}, r"outcomes\[1\].error"),
                              ("nobody", {"error": 1}, r"outcomes\[1\]"), ("type", base | {"actual": [1], "predicted": 1}, r"outcomes\[1\].actual"),
                              ("time", base | {"error": 0, "time": "yesterday"}, r"outcomes\[1\].time"), ("number", 7, r"outcomes\[1\]")):
        yield ask("POST", "/admin/outcomes", [base | {"error": 0}, bad], refused(400, mentions), f"outcomes-{id}",
                  "the first that is wrong is named, and none is stored")
    yield ask("POST", "/admin/outcomes", b"", refused(400), "outcomes-empty", "an empty body is a mistake")
    yield ask("POST", "/admin/outcomes", b'{"error": 1}\nnot JSON', refused(400, "line 2"), "outcomes-broken", "a broken line is named")
    yield Rule("outcomes-admin", "Ockham", "only at the admin address", [(Ask("POST", "/admin/outcomes", []), refused(404, "admin"))])


def console_problem(replies):
    kind, policy = (replies[0].headers.get(name, "") for name in ("content-type", "content-security-policy"))
    if kind.startswith("text/html"):
        return None if "default-src" in policy else f"Content-Security-Policy: expected default-src, found '{policy}'"
    return None if kind.startswith("text/plain") else f"Content-Type: {kind}"


def metrics_problem(replies):
    """The rules of the format that scrapers trip over."""
    import re

    sample = re.compile(r'^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[\d.eE+-]+|NaN|[+-]Inf)( \d+)?$')
    seen, typed, buckets = set(), set(), {}
    for number, line in enumerate(replies[0].body.decode().split("\n")[:-1], 1):
        if line.startswith("# TYPE "):
            if line.split()[2] in typed:
                return f"line {number}: a second TYPE of {line.split()[2]}"
            typed.add(line.split()[2])
            continue
        if line.startswith("#") or not line:
            continue
        match = sample.match(line)
        if not match:
            return f"line {number}: no sample: {line[:100]}"
        name, labels, value = match.group(1), match.group(2) or "", float(match.group(3))
        if (name, labels) in seen:
            return f"line {number}: {name}{labels} a second time"
        seen.add((name, labels))
        if name.endswith("_bucket"):
            rest = re.sub(r'le="[^"]*",?', "", labels)
            if value < buckets.get((name, rest), 0):
                return f"line {number}: buckets go down"
            buckets[name, rest] = value
        if not any(name == t or name in (t + "_bucket", t + "_sum", t + "_count", t + "_total") for t in typed):
            return f"line {number}: {name} has no TYPE"
    if not replies[0].body.endswith(b"\n"):
        return "the last line does not end"
    return None


# ---- a mixture ----


def mixture_rules(name, columns, row):
    base, request = f"/v2/models/{name}", {"inputs": [{"name": "x", "shape": [1, len(columns)], "datatype": "FP64", "data": row}]}
    three = [{"name": "cluster", "shape": [1], "datatype": "INT64", "data": [int]},
             {"name": "probability", "shape": [1], "datatype": "FP64", "data": [NUMBER]},
             {"name": "log_density", "shape": [1], "datatype": "FP64", "data": [NUMBER]}]

    def rule(id, says, steps, decision="", across=None):
        return Rule(id, "Ockham", says, steps, decision, across, "mixture")

    yield rule("mixture", "a mixture gives cluster, probability and log_density", post(base + "/infer", request, Want(200, {"outputs": three})),
               "probabilities, k numbers a row, are an output that must be asked for by name: its default setting is to be left out.")
    yield rule("mixture-probabilities", "probabilities [n, k] when asked for, which add up to 1",
               post(base + "/infer", request | {"outputs": [{"name": "probabilities"}, {"name": "probability"}]},
                    Want(200, {"outputs": [{"name": "probabilities", "shape": [1, int], "data": Each(NUMBER, 2)}, {"name": "probability"}]})),
               across=add_up)
    yield rule("mixture-rows", "rows get the three", post(f"/m/{name}", dict(zip(columns, row)), Want(200, {
        "cluster": int, "probability": Near(1), "log_density": NUMBER})))
    yield rule("mixture-metadata", "its metadata has all four", get(base, Want(200, {"outputs": [
        {"name": "cluster"}, {"name": "probability"}, {"name": "log_density"}, {"name": "probabilities", "datatype": "FP64", "shape": ANY}]})))


def add_up(replies):
    all_of_them, largest = (output["data"] for output in replies[0].json()["outputs"])
    if abs(sum(all_of_them) - 1) > 1e-9 or abs(max(all_of_them) - largest[0]) > 1e-12:
        return f"sum {sum(all_of_them)}, largest {max(all_of_them)}, probability {largest[0]}"
    return None
