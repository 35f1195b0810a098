# SPDX-License-Identifier: Apache-2.0
"""Requests recorded, listed, shown and asked again, and the access log: run by test_debugging.sh."""
import collections
import json
import os
import pathlib
import re
import sys

import life
from fixtures import Fitted
from life import Server, do, moody, output

SCRATCH = pathlib.Path(os.environ["SCRATCH"])
PEOPLE, OTHER = (Fitted("people", SCRATCH / name) for name in ("centroids.csv", "other_centroids.csv"))
FITTED = {"name": "people", "file": str(SCRATCH / "people.ock")}
ROW = PEOPLE.records(PEOPLE.rows(1))


def ids(requests):
    return [request["id"] for request in requests]


# ---- recorded ----


def errors(folder):
    """Whatever fails is kept with both bodies, though no other is sampled; lists by status, model, id and key are exact."""
    with Server(folder, [FITTED, moody(timeout="1s")], record={"sample": 0}) as server, server.client() as client:
        asked = {}
        for id, path, rows, status in (("good", "/m/people", ROW, 200), ("column", "/m/people", [{"height": 1}], 400),
                                       ("ghost", "/m/ghost", ROW, 404),
                                       ("text", "/m/people", '[{"height": 1, ', 400), ("failed", "/m/moody", do("fail"), 500),
                                       ("refused", "/m/moody", [{"do": "", "x": "y"}], 400), ("died", "/m/moody", do("die"), 502),
                                       ("hung", "/m/moody", do("hang"), 504), ("fine", "/m/moody", do(), 200)):
            if status == 200 and path == "/m/moody":
                life.wait_until("a worker", lambda: client.post("/m/moody", do(), X_Request_Id="wait").status == 200)
            answer = client.post(path, rows, X_Request_Id=id, X_Unit_Key=f"key of {id}"[:9])
            assert answer.status == status and answer.headers["x-request-id"] == id, (id, answer)
            asked[id] = rows, answer
            client.close()
            if id == "died":
                life.wait_until("a worker", lambda: server.metric("workers_up", "moody"))
        every = {request["id"]: request for request in server.requests() if request["id"] != "wait"}
        assert set(every) == set(asked)
        for id, (rows, answer) in asked.items():
            request = every[id]
            failed = answer.status >= 400
            assert request["status"] == answer.status and request["kept"] == failed, request
            assert request["key"] == f"key of {id}"[:9] and request["bytes_out"] == len(answer.body), request
            if failed:
                assert request["error"] == answer.json()["error"] and answer.body.decode() in json.dumps(request["answer"]).replace('\\"', '"') \
                    or request["answer"]["json"] == answer.json(), (request, answer)
                sent = rows if isinstance(rows, str) else json.dumps(rows)
                kept = request["request"]
                assert kept.get("json") == rows or sent in json.dumps(kept).replace('\\"', '"'), (kept, rows)
            else:
                assert "request" not in request and not request["error"], request
        assert ids(server.requests("--status", "4xx")) == ["column", "ghost", "text", "refused"]
        assert ids(server.requests("--status", "5xx")) == ["failed", "died", "hung"]
        assert ids(server.requests("--status", "500-502")) == ["failed", "died"]
        assert ids(server.requests("--status", "4xx", "--model", "people")) == ["column", "text"]
        assert ids(server.requests("--id", "ghost")) == ["ghost"] == ids(server.requests("--status", "404"))
        assert ids(server.requests("--key", "key of go")) == ["good"]
        assert ids(server.requests("--died"))[:1] == ["died"] and every["died"]["marks"] == ["died"]
        assert ids(server.requests("--limit", "2")) == ["wait", "fine"]
        assert ids(server.requests("--hash", every["text"]["hash"])) == ["text"]
        shown = output("requests", server.recording, "--show", "column")
        assert all(text in shown for text in ("column", "400", '"height"', "weight", "key of co", "read")), shown
        assert not output("requests", server.recording, "--show", "never", codes=(1,))
        by_admin = json.loads(server.ask_admin("GET", "/admin/requests?least_status=400&most_status=499").body)
        assert ids(by_admin)[::-1] == ["column", "ghost", "text", "refused"], by_admin
        one = json.loads(server.ask_admin("GET", f"/admin/requests/{every['died']['number']}").body)
        assert one["id"] == "died" and one["request"] == every["died"]["request"], one
        assert server.ask_admin("GET", "/admin/requests/999999").status == 404
        death, _, hang = server.events("death")  # it was tried twice
        details = death["details"]
        assert details["signal"] == 9 and details["request"] == "died" and details["hash"] == every["died"]["hash"], death
        assert hang["details"]["request"] == "hung"


def slow_and_far(folder):
    """What was slow, or far from all that the model knows, has its mark and its bodies."""
    far = [[v + 1000 for v in PEOPLE.rows(1)[0]]]
    with Server(folder, [FITTED, moody(slow="400ms")], record={"sample": 0}) as server, server.client() as client:
        for id, path, rows in (("near", "/m/people", ROW), ("far", "/m/people", PEOPLE.records(far)), ("quick", "/m/moody", do()),
                               ("slow", "/m/moody", do("sleep:0.5"))):
            assert client.post(path, rows, X_Request_Id=id).status == 200
        assert ids(server.requests("--far")) == ["far"] and server.requests("--far")[0]["kept"]
        slow = server.requests("--slow")
        assert "slow" in ids(slow) and not {"near", "far"} & set(ids(slow)) and all(request["kept"] for request in slow)
        (one,) = [request for request in slow if request["id"] == "slow"]
        assert one["phase_us"]["compute"] >= 500_000 and one["total_us"] >= one["phase_us"]["compute"]
        assert ids(server.requests("--least-ms", "500")) [-1] == "slow"
        assert ids(server.requests("--slow", "--far")) == sorted(ids(slow) + ["far"], key=["near", "far", "quick", "slow"].index)


def binary_bodies(folder):
    """Binary tensors are shown as numbers, on both sides."""
    rows = PEOPLE.rows(3)
    wanted = [{"name": name, "parameters": {"binary_data": True}} for name in ("cluster", "squared_distance")]
    body, headers = PEOPLE.binary_request(rows, outputs=wanted)
    with Server(folder, [FITTED], record={"sample": 1}) as server, server.client() as client:
        answer = client.post("/v2/models/people/infer", body, **headers, X_Request_Id="b")
        assert answer.status == 200 and answer.headers["content-type"] == "application/octet-stream"
        (request,) = server.requests()
        assert request["request"]["inputs"][0]["data"] == [v for row in rows for v in row], request
        outputs = {o["name"]: o["data"] for o in request["answer"]["outputs"]}
        assert outputs["cluster"] == PEOPLE.labels(rows)
        assert all(abs(PEOPLE.nearest(row)[1] - v) < 1e-9 for row, v in zip(rows, outputs["squared_distance"]))
        assert str(rows[0][0]) in output("requests", server.recording, "--show", "b")


# ---- asked again ----


def ask_all(server):
    """Sixty requests in four forms; by id, whether OTHER answers otherwise."""
    changed = {}
    with server.client() as client:
        for i, row in enumerate([PEOPLE.rows(9)[i % 9] for i in range(60)]):
            row = [row[0] + i % 5, row[1]]
            id, path, body, headers = f"r{i:02}", "/m/people", PEOPLE.records([row]), {}
            if i % 4 == 1:
                body, headers = f"{','.join(PEOPLE.columns)}\n{row[0]},{row[1]}\n", {"Content-Type": "text/csv"}
            elif i % 4 == 2:
                path, body = "/v2/models/people/infer", PEOPLE.request([row])
            elif i % 4 == 3:
                path = "/v2/models/people/infer"
                body, headers = PEOPLE.binary_request([row])
            assert client.post(path, body, X_Request_Id=id, **headers).status == 200
            (label, square), (other, other_square) = PEOPLE.nearest(row), OTHER.nearest(row)
            changed[id] = label != other or abs(square - other_square) > 1e-6 * max(square, other_square)
        assert client.post("/m/people", [{"height": 1}], X_Request_Id="wrong").status == 400
    return changed


def lines(*arguments, codes=(0, 1)):
    """Without the times, which are others each time."""
    text = output("replay", *arguments, "--json", "--quiet", codes=codes)
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        for key in ("ms_then", "ms_now", "seconds_then", "seconds_now"):
            line.pop(key, None)
    return found[:-1], found[-1]


def replay(folder):
    """Exactly those whose answers changed are found, twice the same, from the folder or an export of it, of a file, of a running
    server's version or of another server."""
    live, next_one = FITTED | {"version": "1", "weight": 1}, {"name": "people", "version": "2", "file": str(SCRATCH / "other.ock"), "weight": 0}
    with Server(folder, [live, next_one], record={"sample": 1}) as server:
        changed = ask_all(server)
        n_changed = sum(changed.values())
        assert 0 < n_changed < len(changed), "the test's rows tell nothing"
        each, total = lines(server.recording, "--against", SCRATCH / "other.ock", codes=(1,))
        assert [line["id"] for line in each] == [*changed, "wrong"] and [line["number"] for line in each] == list(range(1, 62))
        assert {line["id"]: line["verdict"] == "different" for line in each} == changed | {"wrong": False}, each[:3]
        assert total["different"] == n_changed and total["same"] == 61 - n_changed and total["requests"] == 61, total
        again = lines(server.recording, "--against", SCRATCH / "other.ock")
        assert again == (each, total)
        same, sums = lines(server.recording, "--against", SCRATCH / "people.ock", codes=(0,))
        assert {line["verdict"] for line in same} == {"same"} and len(same) == 61 and sums["different"] == 0
        assert lines(server.recording, "--against", SCRATCH / "other.ock", "--tolerance", "1e9")[1]["different"] <= n_changed
        failed, _ = lines(server.recording, "--against", SCRATCH / "other.ock", "--failed", codes=(0,))
        assert [line["id"] for line in failed] == ["wrong"]
        text = output("replay", server.recording, "--against", SCRATCH / "other.ock", "--quiet", codes=(1,))
        assert f"61 requests asked again: {61 - n_changed} answered the same, {n_changed} different" in text, text
        output("requests", server.recording, "--status", "200", "--export", folder / "some.capture")
        exported, _ = lines(folder / "some.capture", "--against", SCRATCH / "other.ock", codes=(1,))
        assert exported == each[:60]
        by_server = lines(server.recording, "--server", server.url, "--against", "people:2", codes=(1,))
        assert [(line["id"], line["verdict"]) for line in by_server[0]] == [(line["id"], line["verdict"]) for line in each]
        with Server(folder / "second", [{"name": "people", "file": str(SCRATCH / "other.ock")}]) as second:
            elsewhere, _ = lines(server.recording, "--version", "1", "--against", second.url, codes=(1,))  # without those that were just asked
            assert [(line["id"], line["verdict"]) for line in elsewhere] == [(line["id"], line["verdict"]) for line in each]


def replay_redacted(folder):
    """What was kept with blanked columns is not what was asked: it is not asked again, and no difference is made of it."""
    with Server(folder, [FITTED], record={"sample": 1, "redact": ["weight"]}) as server:
        ask_all(server)
        each, total = lines(server.recording, "--against", SCRATCH / "people.ock", codes=(1,))
        assert {line["verdict"] for line in each} == {"cut"} and total["different"] == 0, total


def replay_program(folder):
    """A program that is repaired answers what it failed on."""
    with Server(folder, [moody(environment={"FACTOR": "2"})], record={"sample": 1}) as server, server.client() as client:
        for i in range(5):
            assert client.post("/m/moody", do("", i), X_Request_Id=f"m{i}").status == 200
        assert client.post("/m/moody", do("fail", 7), X_Request_Id="broken").status == 500
        assert server.stop() == 0
    command = f"moody={sys.executable} {life.HERE / 'moody.py'}"
    os.environ["PYTHONPATH"] = str(life.HERE)
    each, total = lines(folder / "recording", "--against", command, codes=(1,))
    verdicts = collections.Counter(line["verdict"] for line in each)
    assert verdicts["different"] == 5 and total["requests"] == 6, each  # the process's number, and y but for 0
    assert [line["verdict"] for line in each if line["id"] == "broken"] == ["same"], each  # it fails still


# ---- the access log ----


def access_log(folder):
    """A line of JSON for each request, whatever it was; times in order; nothing breaks a line."""
    log = folder / "access.log"
    with Server(folder, [FITTED, moody()], access_log=str(log), record={"sample": 0}) as server, server.client() as client:
        sent = []
        for path, rows, id in (("/m/people", ROW, "plain"), ("/m/people", [{"x": 1}], "wrong"), ("/m/moody", do("", 2), "worker"),
                               ("/nowhere", None, "nothing"),
                               ("/m/moody", do("fail"), "failed"), ("/m/people", "[\"quote\\\"d\n\t\"]", "quoted")):
            answer = client.post(path, rows, X_Request_Id=id, X_Unit_Key='k"\\ey')
            sent.append((id, answer.status, len(answer.body)))
            client.close()
        answer = client.get("/v2/models/people", X_Request_Id="get")
        sent.append(("get", answer.status, len(answer.body)))
        assert server.stop() == 0
        found = [json.loads(line) for line in log.read_text().splitlines()]
        found = [line for line in found if line["id"] in {id for id, *_ in sent}]
        assert [(line["id"], line["status"], line["bytes_out"]) for line in found] == sent, (found, sent)
        by_id = {line["id"]: line for line in found}
        assert by_id["plain"]["model"] == "people" and by_id["plain"]["version"] == "1" and by_id["plain"]["route"] == "POST /m/{m}"
        assert by_id["plain"]["rows"] == 1 and by_id["plain"]["client"] == "127.0.0.1" and by_id["plain"]["key"] == 'k"\\ey'
        assert "as it was told to" in by_id["failed"]["error"] and "error" not in by_id["worker"] and by_id["get"]["route"] == "GET /v2/models/{m}"
        assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) and line["ms"] >= 0 for line in found)
        assert [line["time"] for line in found] == sorted(line["time"] for line in found)


CHECKS = (errors, slow_and_far, binary_bodies, replay, replay_redacted, replay_program, access_log)

if __name__ == "__main__":
    sys.exit(life.run_checks(CHECKS))
