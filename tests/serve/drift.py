# SPDX-License-Identifier: Apache-2.0
"""Drift in a running server: quiet without it, one alarm an episode with it, told in every place; outcomes; reloads. SCRATCH
holds what test_drift.sh makes: people.ock of two clusters in x and y with a profile, moved.ock of other columns, and work.ock:
a profile of moody.py's columns. Only the standard library."""
import csv
import http.server
import json
import os
import pathlib
import random
import sys
import threading

import life
from life import Server, do, moody, output, wait_until

SCRATCH = pathlib.Path(os.environ["SCRATCH"])
PEOPLE = {"name": "people", "file": str(SCRATCH / "people.ock")}
BUDGET = {"false_alarms": "1 per 10000000 rows"}  # so that what has no drift has no alarm
BATCH = 50


# ---- rows: as test_drift.sh draws them, from other seeds ----


def usual(n, seed):
    """Two clusters, in equal shares."""
    r = random.Random(seed)
    return [[r.gauss(10 * (i := r.randrange(2)), 1), r.gauss(5 * i, 1)] for _ in range(n)]


def third(n, seed, share=0.4):
    """With rows of a cluster that was not there."""
    r = random.Random(seed)
    return [row if r.random() >= share else [r.gauss(5, 0.5), r.gauss(20, 0.5)] for row in usual(n, seed + 1)]


def send(server, rows, path="/m/people", **headers):
    with server.client() as client:
        for at in range(0, len(rows), BATCH):
            answer = client.post(path, rows[at:at + BATCH], **headers)
            assert answer.status == 200, answer


# ---- what is told ----


class Listener:
    """A webhook; what it was sent. The first `refuse` times it answers 500."""

    def __init__(self, refuse=0):
        self.got, self.refused = [], 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                good = outer.refused >= refuse
                outer.refused += not good
                if good:
                    outer.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
                self.send_response(204 if good else 500)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/alarm?key=s3cret"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def phases(self):
        return [(body["details"]["phase"], body["details"]["signal"]) for _, _, body in self.got]


def document(server, model="people", version=None):
    answer = server.ask_admin("GET", f"/v2/models/{model}{f'/versions/{version}' if version else ''}/drift")
    assert answer.status == 200, answer
    return answer.json()


def seen(server, n, model="people"):
    """The document once so many rows were watched."""
    return wait_until(f"{n} rows", lambda: (d := document(server, model))["rows"] + d["dropped"] >= n and d)


def started(server, model="people"):
    wait_until("thresholds", lambda: document(server, model)["status"] != "starting")


def events(server, n):
    wait_until(f"{n} events", lambda: len(server.events("drift")) >= n)
    return server.events("drift")


def signal(found, name):
    (one,) = [s for s in found["signals"] if s["name"] == name]
    return one


# ---- checks ----


def one_alarm(folder):
    """5,000 rows without drift are quiet; a new cluster is one alarm, in every place; once it is over it is armed anew."""
    listener = Listener(refuse=1)
    with Server(folder, [PEOPLE], drift=BUDGET | {"webhook": listener.url}, record={"sample": 0}) as server:
        started(server)
        send(server, usual(5000, 1))
        found = seen(server, 5000)
        assert found["status"] == "quiet" and found["rows"] == 5000 and not found["dropped"] and not found["n_episodes"], found["status"]
        assert found["budget"]["words"] == BUDGET["false_alarms"] and not found["budget"]["assumed"], found["budget"]
        assert not server.events("drift") and not listener.got
        assert server.metric("drift_state", "people") == 0 and server.metric("drift_rows_total", "people") == 5000
        send(server, third(1500, 3))
        begin, = events(server, 1)
        assert begin["details"]["phase"] == "begin" and 5000 < begin["details"]["row"] <= 6500, begin
        assert 4000 < begin["details"]["since_row"] < begin["details"]["row"] and begin["details"]["run_length"] > 1e5, begin
        wait_until("the webhook", lambda: listener.got)
        path, kind, told = listener.got[0]
        assert path == "/alarm?key=s3cret" and kind == "application/json" and listener.refused == 1, listener.got
        assert told["model"] == "people" and told["version"] == "1" and told["event"] == "drift" and told["details"] == begin["details"], told
        assert server.log().count("people:1 drifts: ") == 1 and "s3cret" not in server.log()
        drifted(server)
        send(server, third(500, 9))
        captured(server)
        send(server, usual(40000, 4))
        wait_until("quiet", lambda: document(server)["status"] == "quiet")
        assert [e["details"]["phase"] for e in events(server, 2)] == ["begin", "end"]
        assert server.metric("drift_state", "people") == 0
        send(server, third(1500, 7))
        assert [e["details"]["phase"] for e in events(server, 3)] == ["begin", "end", "begin"]
        wait_until("three webhooks", lambda: len(listener.got) == 3)
        assert server.metric("drift_episodes_total", "people") == 2
        assert server.stop() == 0


def burst(folder):
    """One request of another kind, and its alarm when it is over: the alarm tells which it was, and so does the document after."""
    with Server(folder, [PEOPLE], drift=BUDGET, record={"sample": 0}) as server:
        started(server)
        send(server, usual(2000, 21))
        seen(server, 2000)
        with server.client() as client:
            answer = client.post("/m/people", third(60, 22, share=1), **{"X-Request-Id": "burst"})
        assert answer.status == 200, answer
        send(server, usual(40000, 23))
        wait_until("quiet", lambda: (d := document(server))["status"] == "quiet" and d["n_episodes"])
        begin, *_ = server.events("drift")
        (one,) = json.loads(server.ask_admin("GET", "/admin/requests?id=burst").body)
        assert begin["details"]["requests"] == [one["number"]], (begin["details"], one["number"])
        found = document(server)["examples"]
        assert found["requests"] == [one["number"]] and found["then"] < 0.02 and found["now"] > 0.2, found
        assert server.stop() == 0


def drifted(server):
    """The document, the metrics and what the console gets, during drift."""
    found = document(server)
    assert found["status"] == "drift" and found["n_episodes"] == 1 and found["episodes"][0]["until_row"] is None, found["episodes"]
    clusters, bins = signal(found, "clusters"), {b["signal"]: {one["name"]: one for one in b["bins"]} for b in found["bins"]}
    assert clusters["drifted"] and clusters["psi"][0] > 0.1 and clusters["run_length"] > 1e5 and clusters["often"].startswith("once in "), clusters
    outside = bins["clusters"]["outside"]
    assert outside["then"] < 0.02 and 0.2 < outside["now"][0] < 0.6 and outside["now"][1] > outside["then"], outside
    assert signal(found, "y")["shift"][0] > 0.3 and found["course"][-1][1] > 1 and "concept drift" in found["limits"]
    assert abs(sum(one["now"][0] for one in bins["clusters"].values()) - 1) < 1e-6
    numbers = found["examples"]["requests"]
    assert numbers and all(server.ask_admin("GET", f"/admin/requests/{n}").status == 200 for n in numbers), found["examples"]
    metrics = server.metrics()
    of = 'model="people",version="1"'
    assert metrics[f"ockham_drift_state{{{of}}}"] == 1 and metrics[f"ockham_drift_episodes_total{{{of}}}"] == 1
    assert metrics[f'ockham_drift_run_length_log10{{{of},signal="clusters"}}'] > 5
    assert metrics[f'ockham_drift_psi{{{of},signal="clusters"}}'] > 0.1
    short = json.loads(server.ask_admin("GET", "/admin/state").body)["models"][0]["drift"]
    assert short["status"] == "drift" and short["level"] > 1 and short["words"] and short["n_episodes"] == 1, short


def captured(server):
    """Requests with rows of the bin that grew have their bodies, one link away; and the command line finds them."""
    found = document(server)
    kept = json.loads(server.ask_admin("GET", found["examples"]["link"]).body)
    assert kept and all("drift" in r["marks"] and r["kept"] for r in kept), kept[:2]
    one = json.loads(server.ask_admin("GET", f"/admin/requests/{kept[0]['number']}").body)
    assert any(15 < y < 25 for _, y in one["request"]["json"]), one["request"]
    assert len(server.requests("--drift")) == len(json.loads(server.ask_admin("GET", found["examples"]["link"] + "&limit=1000").body))


def reload_keeps(folder):
    """A reload forgets nothing while model and profile stay: neither with another budget nor with another time-out."""
    model = PEOPLE | {"drift": BUDGET}
    with Server(folder, [model]) as server:
        started(server)
        send(server, usual(2000, 11))
        before = seen(server, 2000)
        assert server.reload([model])
        assert document(server)["rows"] == 2000
        assert server.reload([PEOPLE | {"drift": {"false_alarms": "1 per 5000 rows"}}])
        other = document(server)
        assert other["rows"] == 2000 and other["budget"]["rows"] == 5000 and other["calibration_seconds"] == before["calibration_seconds"]
        assert signal(other, "clusters")["asked_run_length"] < signal(before, "clusters")["asked_run_length"] / 10
        assert server.reload([model | {"slow": "3s"}])  # another version of it, which goes on
        assert document(server)["rows"] == 2000
        send(server, usual(100, 12))
        assert seen(server, 2100)["rows"] == 2100
        assert not server.reload([model | {"drift": {"false_alarms": "often"}}]) and document(server)["rows"] == 2100
        assert server.reload([model | {"drift": BUDGET | {"min_effect": 0.5}}])
        wait_until("other thresholds", lambda: document(server)["rows"] == 0 and document(server)["min_effect"] == 0.5)
        assert server.reload([model | {"drift": False}]) and document(server) == {"model": "people", "version": "1", "status": "off"}
        assert server.reload([model, {"name": "moved", "file": str(SCRATCH / "moved.ock")}])
        wait_until("watched again", lambda: document(server)["status"] == "learning")
        unknown = document(server)["signals"][0]
        assert unknown["statistic"] is unknown["run_length"] is unknown["often"] is None, unknown


def time_budget(folder):
    """A budget in time is converted with what comes: at first by what is assumed."""
    folder.mkdir()
    with Server(folder, [PEOPLE]) as server:
        started(server)
        found = document(server)
        assert found["budget"]["asked"] == "1 per 30d" and found["budget"]["assumed"] and found["budget"]["rows"] == 30 * 86400, found["budget"]
        assert found["budget"]["words"] == "1 per 30d at an assumed 1 row/s = 1 per 2.59 million rows", found["budget"]
        assert abs(sum(found["budget"]["shares"].values()) - 1) < 1e-9
        assert found["profile"]["rows"] == 4000 and found["profile"]["columns"] == 2 and found["status"] == "learning", found["profile"]
    with Server(folder / "at once", [PEOPLE]) as server:
        assert server.stop() == 0  # while thresholds are being found


def program(folder):
    """A program with a profile of its own: inputs and outputs are found by name, and texts are categories."""
    model = moody(profile=str(SCRATCH / "work.ock"), drift=BUDGET)
    rng = random.Random(5)
    folder.mkdir()
    rows = [{"do": rng.choice(["", "", "sleep:0"]), "x": rng.gauss(0, 1)} for _ in range(3000)]
    with Server(folder / "same", [model], record={"sample": 0}) as server:
        started(server, "moody")
        send(server, rows, "/m/moody")
        found = seen(server, 3000, "moody")
        assert found["status"] == "quiet" and not found["skipped"], found
        assert {s["name"]: s["kind"] for s in found["signals"]} | {"do": "column", "x": "column", "y": "output"} == \
            {s["name"]: s["kind"] for s in found["signals"]}
        for _ in range(20):  # texts that were never seen
            assert server.client().post("/m/moody", [{"do": "sleep:0.000", "x": 0.1}] * 50).status == 200
        begin, = events(server, 1)
        assert document(server, "moody")["status"] == "drift" and begin["model"] == "moody"
    with Server(folder / "other", [model | {"environment": {"FACTOR": "3"}}], record={"sample": 0}) as server:
        started(server, "moody")
        send(server, rows, "/m/moody")
        begin, = events(server, 1)
        found = document(server, "moody")
        assert begin["details"]["signal"] == "y" and not signal(found, "x")["drifted"] and signal(found, "y")["drifted"], begin


def failures(folder):
    """Failures of the server are a series of their own, without a row."""
    model = moody(profile=str(SCRATCH / "work.ock"), drift=BUDGET | {"shares": {"errors": 1}})
    with Server(folder, [model], record={"sample": 0}) as server, server.client() as client:
        started(server, "moody")
        rng = random.Random(6)
        for _ in range(2100):
            assert client.post("/m/moody", do("", rng.gauss(0, 1))).status == 200
        series = {s["name"]: s for s in document(server, "moody")["series"]}
        assert series["failures"]["status"] == "quiet" and series["failures"]["then"] == 0, series
        for _ in range(100):
            assert client.post("/m/moody", do("fail")).status == 500
            client.close()
        begin = events(server, 1)[0]
        assert begin["details"]["signal"] == "failures" and begin["details"]["then"] == 0 and begin["details"]["now"] > 0, begin
        assert document(server, "moody")["status"] == "drift"


def misfit(folder):
    """A profile of other columns is told of once a program has said what it takes, and the model is served."""
    with Server(folder, [moody(profile=str(SCRATCH / "moved.ock"), drift=BUDGET)]) as server:
        started(server, "moody")
        send(server, [{"do": "", "x": 0.5}] * 50, "/m/moody")
        wait_until("the misfit", lambda: document(server, "moody")["status"] == "cannot be watched")
        assert "a column 'height'" in document(server, "moody")["problem"] and "is not watched for drift" in server.log()
        assert not document(server, "moody")["rows"]


def outcomes(folder):
    """What turns out later is matched with what was answered, stored, and watched; also after a restart."""
    with Server(folder, [PEOPLE | {"drift": BUDGET}], record={"sample": 1}) as server, server.client() as client:
        labels = []
        for i, row in enumerate(usual(40, 31)):
            answer = client.post("/m/people", [row], X_Request_Id=f"r{i}")
            labels.append(answer.json()[0]["cluster"])
        tensors = client.post("/v2/models/people/infer", {"inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [0, 0, 10, 5]}]},
                              X_Request_Id="two").json()["outputs"][0]["data"]

        def tell(body, status=200):
            answer = server.ask_admin("POST", "/admin/outcomes", body if isinstance(body, (str, list)) else json.dumps(body))
            assert answer.status == status, answer
            return answer.json()

        told = [{"id": f"r{i}", "actual": label if i % 4 else 1 - label} for i, label in enumerate(labels)]
        told += [{"id": "two", "row": 1, "actual": str(tensors[1])}, {"id": "never", "actual": 1}]
        assert tell(told) == {"stored": 42, "watched": 41, "unknown_requests": 1, "without_answer": 0}
        series = {s["name"]: s for s in document(server)["series"]}
        assert series["outcomes"] | {"values": 41, "learned": 41, "status": "learning"} == series["outcomes"], series
        assert "outcomes[1]: " in tell([{"id": "r1", "actual": 1}, {"id": "r2", "actual": 1, "error": 0}], 400)["error"]
        base = {"model": "people", "version": "1"}
        tell([base | {"error": int(i % 20 == 0)} for i in range(2000)])
        series = {s["name"]: s for s in document(server)["series"]}
        assert series["outcomes"]["status"] == "quiet" and abs(series["outcomes"]["then"] - 0.05) < 0.02, series
        assert "0 or 1" in tell([base | {"error": 0.5}], 400)["error"]
        tell([base | {"error": int(i % 3 == 0)} for i in range(600)])
        begin, = events(server, 1)
        assert begin["details"]["signal"] == "outcomes" and "wrong" in begin["text"], begin
        assert document(server)["status"] == "drift"
    with Server(folder, [PEOPLE | {"drift": BUDGET}]) as server:
        found = document(server)
        series = {s["name"]: s for s in found["series"]}
        assert series["outcomes"]["values"] == 2641 and found["status"] == "drift", found["series"]
        assert len(server.events("drift")) == 1 and server.stop() == 0


def many_at_once(folder):
    """Every row is watched or counted, whoever sends it, while documents are asked for."""
    with Server(folder, [PEOPLE], drift=BUDGET, record={"sample": 0}) as server:
        started(server)
        rows = usual(200, 41)
        with life.Load(server.url, lambda client, i: client.post("/m/people", rows[:1 + i % 200]).status == 200 and 1 + i % 200, threads=4) as load:
            while len(load.results) < 1500:
                document(server)
                server.metrics()
            counts = load.stop()
        assert not load.problems, load.problems[:3]
        total = sum(counts)
        found = seen(server, total)
        assert found["rows"] + found["dropped"] == total == server.metric("rows_total", "people"), (found["rows"], found["dropped"], total)
        assert server.stop() == 0


CHECKS = (one_alarm, burst, reload_keeps, time_budget, program, failures, misfit, outcomes, many_at_once)


def make(folder):
    """The rows that test_drift.sh fits and profiles."""
    rng = random.Random(8)
    tables = {"people.csv": (["x", "y"], usual(4000, 100)), "moved.csv": (["height", "y"], usual(200, 101)),
              "work.csv": (["do", "x", "y"], [[rng.choice(["", "", "sleep:0"]), x := rng.gauss(0, 1), x] for _ in range(3000)])}
    for name, (header, rows) in tables.items():
        with open(pathlib.Path(folder) / name, "w", newline="") as file:
            csv.writer(file).writerows([header, *rows])


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(SCRATCH)
    else:
        sys.exit(life.run_checks(CHECKS, at_once=3))
