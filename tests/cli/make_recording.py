#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_recording.py FOLDER: a recording as src/record/segment.h describes it, written without Ockham: ten requests in two
segments, the second as a writer that was killed leaves it, and three events. Prints what is in it, a JSON object a line."""
import json
import os
import sqlite3
import struct
import sys

FIRST_NS = 1795860000_000000000  # 2026-11-28T10:00:00Z
TEXTS = ["id", "model", "version", "route", "key", "client", "error", "content_type", "answer_type"]
MARKS = ["slow", "sampled", "far", "shadow", "cut", "cancelled", "died", "differs"]
PHASES = ["read", "decode", "queue", "compute", "encode"]
INFER = "POST /v2/models/{m}/infer"
JSON, BINARY = "application/json", "application/octet-stream"


def crc32c(crc, data):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def pad(data):
    return data + b"\0" * (-len(data) % 8)


def entry(marker, r):
    texts = [r.get(name, "").encode() for name in TEXTS]
    body, answer = r.get("body"), r.get("answer")
    kept = (body is not None) | (answer is not None) << 1
    fixed = struct.pack("<QQ5QQQQQQQ", r["number"], r["time_ns"], *r["phase_ns"], r["total_ns"], r["cpu_ns"], r["hash"],
                        r["rows"], r["bytes_in"], r["bytes_out"])
    fixed += struct.pack("<QQQQIII9HH", len(body or b""), r.get("json_size", 0), len(answer or b""),
                         r.get("answer_json_size", 0), r["status"], sum(1 << MARKS.index(m) for m in r["marks"]), kept,
                         *map(len, texts), 0)
    rest = pad(fixed + b"".join(text + b"\0" for text in texts)) + pad(body or b"") + pad(answer or b"")
    size = 16 + len(rest)
    return struct.pack("<QII", marker, size, crc32c(size, rest)) + rest


def segment(marker, requests, ended):
    entries = b"".join(entry(marker, r) for r in requests)
    end = 64 + len(entries) if ended else 0
    head = b"OCKREC\r\n" + struct.pack("<IIQQQ", 1, 64, marker, requests[0]["number"], FIRST_NS)
    head += struct.pack("<QQII", end, end ^ 0xFFFFFFFFFFFFFFFF, crc32c(0, head), 0)
    return head + entries + (b"" if ended else bytes(8192))


def make_requests():
    oip = b'{"inputs":[{"name":"x","datatype":"FP64","shape":[1,2],"data":[3.5,-1]}]}'
    head = b'{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"parameters":{"binary_data_size":16}}]}'
    answer = b'{"model_name":"price","outputs":[{"name":"y","datatype":"INT64","shape":[1],"data":[7]}]}'
    special = {
        2: dict(body=oip, answer=answer, answer_type=JSON, marks=["sampled"]),
        3: dict(body=head + struct.pack("<4f", 1, 2.5, -3, 0.25), json_size=len(head), content_type=BINARY, rows=2,
                marks=["slow", "far"], total_ns=2_345_678_901, phase_ns=[10_000, 20_000, 5_000, 2_300_000_000, 30_000]),
        4: dict(status=404, error="there is no model 'prize'", model="prize", version="", rows=0, phase_ns=[900, 0, 0, 0, 0],
                total_ns=1200, cpu_ns=0, body=b"\xff\xfe no text", bytes_in=4000, marks=["cut"]),
        5: dict(status=502, error="the worker died on the request", model="churn", version="v2.1", marks=["died"],
                body=b"a,b\n1,2\n3,4\n", content_type="text/csv", rows=2, key="unit-7"),
        6: dict(status=200, model="churn", version="v3", marks=["shadow", "differs"], id="r-2"),
        7: dict(status=422, error="evil \x1b[31mred\x07", id="\x1b]0;title", client="10.0.0.9"),
        9: dict(status=503, error="the queue is full", model="churn", version="v2.1", rows=1000000, total_ns=77_000),
        10: dict(id="a-rather-long-request-id-of-a-client", model="a-model-with-a-long-name", version="2026-11-28",
                 total_ns=123_456_789_012, phase_ns=[0, 0, 123_000_000_000, 1, 2]),
    }
    requests = []
    for i in range(1, 11):
        r = dict(number=i, time_ns=FIRST_NS + (i - 1) * 61_234_000_000, phase_ns=[12_000, 3_000, 40_000 + i, 150_000, 2_500],
                 total_ns=210_000 + i * 1000, cpu_ns=140_000, hash=0x0123456789ABCDEF * i % 2**64, rows=1, status=200, marks=[],
                 id=f"r-{i}", model="price", version="1", route=INFER, client="127.0.0.1", content_type=JSON,
                 answer_type=JSON)
        r.update(special.get(i, {}))
        r.setdefault("bytes_in", len(r.get("body", b"x" * 100)))
        r["bytes_out"] = len(r.get("answer", b"x" * 120))
        requests.append(r)
    return requests


def make_database(path, first):
    classes = [sum(r["status"] // 100 == c for r in first) for c in range(6)]
    models = "\n" + "".join(f"{m}:{v}\n" for m, v in dict.fromkeys((r["model"], r["version"]) for r in first))
    db = sqlite3.connect(path)
    db.executescript("""
      PRAGMA user_version = 1;
      CREATE TABLE segments (first_number INTEGER PRIMARY KEY, last_number, file, bytes, n_requests, first_ns, last_ns,
        most_total_ns, n_other, n_1xx, n_2xx, n_3xx, n_4xx, n_5xx, marks, models);
      CREATE TABLE events (number INTEGER PRIMARY KEY, time_ns, kind, model, version, text, details);""")
    db.execute("INSERT INTO segments VALUES (1,?,'',0,?,?,?,?,?,?,?,?,?,?,?,?)",
               (first[-1]["number"], len(first), first[0]["time_ns"], first[-1]["time_ns"],
                max(r["total_ns"] for r in first), *classes, 0xFF, models))
    died = json.dumps({"signal": 9, "stderr": "Killed\n"})
    for i, row in enumerate([("start", "", "", "listening at http://127.0.0.1:8080", "{}"),
                             ("load", "churn", "v2.1", "loaded", "{}"),
                             ("death", "churn", "v2.1", "worker 0 (process 4711) was killed by signal 9 (Killed)", died)]):
        db.execute("INSERT INTO events (time_ns, kind, model, version, text, details) VALUES (?,?,?,?,?,?)",
                   (FIRST_NS + i * 100_000_000_000, *row))
    db.commit()
    db.close()


def plain(r):
    """What --json says of it, without its bodies."""
    out = {key: r[key] for key in ("number", "time_ns", "status", "marks", "rows", "bytes_in", "bytes_out")}
    out.update({name: r.get(name, "") for name in TEXTS})
    out["total_us"], out["cpu_us"] = r["total_ns"] / 1e3, r["cpu_ns"] / 1e3
    out["phase_us"] = {name: ns / 1e3 for name, ns in zip(PHASES, r["phase_ns"])}
    out["hash"] = f"{r['hash']:016x}"
    out["kept"] = "body" in r
    return out


folder = sys.argv[1]
requests = make_requests()
os.mkdir(folder)
for first, last, ended in (1, 6, True), (7, 10, False):
    with open(f"{folder}/requests-{first:020d}.seg", "wb") as file:
        file.write(segment(0x9D2C5680F0E1D2C3 + first, requests[first - 1:last], ended))
make_database(f"{folder}/ockham.db", requests[:6])
for request in requests:
    print(json.dumps(plain(request)))
