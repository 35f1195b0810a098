# SPDX-License-Identifier: Apache-2.0
"""Weights, keys, versions and shadows of a running server: run by test_routing.sh."""
import collections
import itertools
import json
import os
import pathlib
import sys
import time

import life
from fixtures import Fitted
from life import Load, Server, do, moody
from raw import Wire, request

SCRATCH = pathlib.Path(os.environ["SCRATCH"])
PEOPLE, OTHER = (Fitted("m", SCRATCH / name) for name in ("centroids.csv", "other_centroids.csv"))
BODY = json.dumps(PEOPLE.records(PEOPLE.rows(1))).encode()
# Beyond it one of 10,000 fair draws would lie; by degrees of freedom. Keys are the same in each run, so that this cannot fail by chance.
FAR_CHI_SQUARE = {1: 15.14, 2: 18.42, 3: 21.11}


def fitted(version, file="people.ock", **other):
    return {"name": "m", "version": version, "file": str(SCRATCH / file)} | other


def ask_keys(server, keys, path="/m/m"):
    """The versions that answer, a hundred requests at a time on one connection."""
    versions = []
    with Wire(server.url) as wire:
        for i in range(0, len(keys), 100):
            part = keys[i : i + 100]
            wire.send(b"".join(request("POST", path, [f"X-Unit-Key: {key}"] if key is not None else [], BODY) for key in part))
            for _ in part:
                status, headers, _ = wire.answer()
                assert status == 200
                versions.append(headers["x-model-version"])
    return versions


def chi_square(versions, shares):
    counts = collections.Counter(versions)
    assert set(counts) <= {version for version, share in shares.items() if share}, counts
    n, total = len(versions), sum(shares.values())
    return sum((counts[v] - n * share / total) ** 2 / (n * share / total) for v, share in shares.items() if share)


# ---- weights and keys ----


def weights(folder):
    """Shares of 10,000 keys, and of as many requests without one; the same key has the same version, also after a restart."""
    shares = {"a": 5, "b": 3, "none": 0, "c": 2}
    keys = [f"unit-{i}" for i in range(10000)]
    models = [fitted(version, weight=weight) for version, weight in shares.items()]
    with Server(folder, models) as server:
        first = ask_keys(server, keys)
        assert chi_square(first, shares) < FAR_CHI_SQUARE[2], collections.Counter(first)
        assert ask_keys(server, keys[::-7]) == first[::-7]
        for i in range(3):
            assert set(ask_keys(server, [keys[i]] * 50)) == {first[i]}
        plain = ask_keys(server, [None] * 10000)
        assert chi_square(plain, shares) < FAR_CHI_SQUARE[2], collections.Counter(plain)
        assert server.stop() == 0
    with Server(folder, models) as server:
        assert ask_keys(server, keys[::3]) == first[::3]


def ramp(folder):
    """Whoever was at the new version stays there while its weight grows."""
    keys = [f"u{i}" for i in range(2000)]
    with Server(folder, [fitted("a", weight=9), fitted("b", weight=1)]) as server:
        before = {key for key, version in zip(keys, ask_keys(server, keys)) if version == "b"}
        for a, b in ((7, 3), (5, 5), (1, 9), (0, 1)):
            assert server.reload([fitted("a", weight=a), fitted("b", weight=b)])
            versions = ask_keys(server, keys)
            now = {key for key, version in zip(keys, versions) if version == "b"}
            assert before <= now and (chi_square(versions, {"a": a, "b": b}) < FAR_CHI_SQUARE[1] if a else len(now) == len(keys))
            before = now


def models_apart(folder):
    """Which version of one model a key has says nothing about another model's: else two experiments would be one."""
    keys = [f"unit-{i}" for i in range(4000)]
    models = [fitted(version, weight=1) | {"name": name} for name in ("m", "n") for version in "ab"]
    with Server(folder, models) as server:
        pairs = ["".join(pair) for pair in zip(ask_keys(server, keys), ask_keys(server, keys, "/m/n"))]
        assert chi_square(pairs, {a + b: 1 for a, b in itertools.product("ab", repeat=2)}) < FAR_CHI_SQUARE[3], collections.Counter(pairs)


def by_name(folder):
    """A version that is named is asked, whatever its weight and whatever key comes; others are not there."""
    models = [fitted("1", weight=1), fitted("2", "other.ock", weight=0)]
    row = PEOPLE.rows(1)
    with Server(folder, models) as server, server.client() as client:
        for version, model in (("1", PEOPLE), ("2", OTHER)):
            answer = client.post(f"/v2/models/m/versions/{version}/infer", PEOPLE.request(row), X_Unit_Key="k")
            assert answer.status == 200 and answer.json()["model_version"] == answer.headers["x-model-version"] == version
            assert answer.json()["outputs"][0]["data"] == model.labels(row)
            assert client.get(f"/v2/models/m/versions/{version}/ready").status == 200
        assert client.post("/v2/models/m/versions/3/infer", PEOPLE.request(row)).status == 404
        assert set(ask_keys(server, [f"k{i}" for i in range(200)])) == {"1"}
        assert sorted(client.get("/v2/models/m").json()["versions"]) == ["1", "2"]


def which_there_are(folder):
    """Who asks for none of them is told all of them, also where one's name is part of another's; and a name that is too long is
    not taken for none."""
    models = [{"name": name, "version": version, "file": str(SCRATCH / "people.ock")} for name, version in (("people", "1"), ("peo", "1"), ("people", "2"))]
    body = PEOPLE.records(PEOPLE.rows(1))
    with Server(folder, models) as server, server.client() as client:
        answer = client.post("/m/none", body)
        assert answer.status == 404 and answer.json()["error"].endswith("expected one of: people, peo"), answer
        assert client.post("/invocations", body).status == 400
        assert server.reload(models[:1])
        assert client.post("/invocations", {"instances": PEOPLE.rows(1)}).status == 200
        assert client.post("/invocations?model=" + "x" * 70, {"instances": PEOPLE.rows(1)}).status == 404
        assert server.stop() == 0
        assert {r["model"] for r in server.requests("--status", "400")} == {""}


def newest(folder):
    """Without weights the last has all."""
    with Server(folder, [fitted("1"), fitted("2")]) as server:
        assert set(ask_keys(server, [f"k{i}" for i in range(200)] + [None] * 100)) == {"2"}


def failed_version(folder):
    """A version that did not start gets no share; once it works it does."""
    repaired = folder / "repaired"
    folder.mkdir()
    start = f'[ -e {repaired} ] || exit 3; exec "{sys.executable}" "{life.HERE / "moody.py"}"'
    models = [moody(version="good", weight=1), {"name": "moody", "version": "bad", "command": ["/bin/sh", "-c", start], "weight": 3}]

    def ask(client, _):
        answer = client.post("/m/moody", do())
        return answer.status, answer.headers.get("x-model-version")

    with Server(folder, models) as server, server.client() as client:
        assert {ask(client, 0) for _ in range(100)} == {(200, "good")}
        answer = client.post("/v2/models/moody/versions/bad/infer", {"inputs": []})
        assert answer.status == 503 and "not ready" in answer.json()["error"] and int(answer.headers["retry-after"]) >= 1, answer
        assert server.metric("model_ready", "moody", "bad") == 0 and server.metric("model_ready", "moody", "good") == 1
        repaired.touch()
        life.wait_until("the repaired version", lambda: server.metric("model_ready", "moody", "bad"))
        assert {ask(client, 0) for _ in range(100)} == {(200, "good"), (200, "bad")}


# ---- shadows ----


def shadow_figures(server, model="m", version="shadow"):
    return [int(server.metric(f"shadow_{what}_total", model, version)) for what in ("compared", "different", "dropped")]


def shadow_compared(folder):
    """Each answer is compared once; those that differ are recorded with both marks, and with bodies."""
    rows = [PEOPLE.rows(9)[i % 9] for i in range(60)]
    models = [fitted("live"), fitted("shadow", "other.ock", shadow=True)]
    different = sum(PEOPLE.nearest(row)[0] != OTHER.nearest(row)[0] or abs(PEOPLE.nearest(row)[1] - OTHER.nearest(row)[1]) > 1e-6 for row in rows)
    assert 0 < different <= len(rows)
    with Server(folder, models, record={"sample": 0}) as server, server.client() as client:
        for i, row in enumerate(rows):
            answer = client.post("/m/m", PEOPLE.records([row]), X_Request_Id=f"r{i}")
            assert answer.status == 200 and answer.headers["x-model-version"] == "live"
            assert answer.json()[0]["cluster"] == PEOPLE.nearest(row)[0]
        life.wait_until("all comparisons", lambda: sum(shadow_figures(server)[::2]) == len(rows))
        compared, n_different, dropped = shadow_figures(server)
        assert (compared, n_different, dropped) == (len(rows), different, 0)
        assert server.stop() == 0
        shadows = server.requests("--shadow")
        assert len(shadows) == len(rows) and {s["version"] for s in shadows} == {"shadow"}
        differing = [s for s in shadows if "differs" in s["marks"]]
        assert len(differing) == different
        one = differing[0]
        row = rows[int(one["id"][1:])]
        assert one["request"]["inputs"][0]["data"] == row and one["answer"]["outputs"][0]["data"] == [OTHER.nearest(row)[0]], one
        assert "the client got" in one["error"], one
        assert {s["id"] for s in shadows} == {r["id"] for r in server.requests("--version", "live")}


def shadow_same(folder):
    """The same model differs nowhere; of what the client got wrong there is no copy."""
    with Server(folder, [fitted("live"), fitted("shadow", shadow=True)]) as server, server.client() as client:
        for n in (1, 7, 300):
            assert client.post("/v2/models/m/infer", PEOPLE.request(PEOPLE.rows(n))).status == 200
        assert client.post("/m/m", [{"no": 1}]).status == 400
        life.wait_until("all comparisons", lambda: shadow_figures(server)[0] == 3)
        assert shadow_figures(server) == [3, 0, 0]
        assert server.stop() == 0
        assert [s["n_rows"] if "n_rows" in s else s["rows"] for s in server.requests("--shadow")] == [1, 7, 300]


def shadow_of_other_inputs(folder):
    """One that takes other columns refuses its copies, and the server goes on."""
    with Server(folder, [fitted("live"), fitted("shadow", "renamed.ock", shadow=True)]) as server, server.client() as client:
        columns = [{"name": name, "datatype": "FP64", "shape": [1], "data": [value]} for name, value in zip(PEOPLE.columns, PEOPLE.rows(1)[0])]
        assert client.post("/v2/models/m/infer", {"inputs": columns}).status == 200
        assert client.post("/m/m", PEOPLE.records(PEOPLE.rows(1))).status == 200
        life.wait_until("both copies", lambda: len(server.requests("--shadow")) == 2)
        shadows = server.requests("--shadow")
        assert [s["status"] for s in shadows] == [400, 200], shadows
        assert server.stop() == 0
        assert "expected the input" in shadows[0]["error"], shadows


def shadow_program_of_other_inputs(folder):
    """So does a program's, which never sees what it has not said that it takes."""
    program = dict(moody(), name="m", version="shadow", shadow=True)
    with Server(folder, [fitted("live"), program]) as server, server.client() as client:
        assert client.post("/m/m", PEOPLE.records(PEOPLE.rows(1))).status == 200
        life.wait_until("the copy", lambda: len(server.requests("--shadow")) == 1)
        shadow = server.requests("--shadow")[0]
        assert shadow["status"] == 400 and "input" in shadow["error"], shadow
        assert server.stop() == 0


def shadow_slow(folder):
    """One that takes its time is left behind: its queue is short, what does not fit is dropped; clients do not wait, and neither
    does the end of the server."""
    slow = moody(version="shadow", shadow=True, queue=3, environment={"EVERY": "sleep:3"})
    with Server(folder, [moody(version="live"), slow]) as server:
        with Load(server.url, lambda client, number: client.post("/m/moody", do("", number)).status, 4) as load:
            load.wait_for(100)
            assert set(load.stop()) == {200} and not load.problems
            assert max(seconds for _, seconds in load.results) < 20  # a hundred one after the other would be 300
        n = len(load.results)
        compared, different, dropped = shadow_figures(server, "moody")
        assert different == 0 and n - 4 - compared <= dropped <= n - compared and dropped >= n - 40, (n, compared, dropped)
        begin = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begin < 8, "the end waited for a shadow"


def shadow_dies(folder):
    """One that dies on every request, floods its log or fails: clients notice nothing."""
    def shadow(what):
        return [moody(version="live"), moody(version="shadow", shadow=True, environment={"EVERY": what})]

    with Server(folder, shadow("die")) as server, Load(server.url, lambda client, number: client.post("/m/moody", do("", number)).status) as load:
        for what in ("die", "fail", "garbage", "flood"):
            assert what == "die" or server.reload(shadow(what))
            load.wait_for(40)
        assert set(load.stop()) == {200} and not load.problems, load.problems[:3]
        assert server.stop() == 0
        shadows = server.requests("--shadow")
        assert shadows and {s["status"] for s in shadows} >= {500, 502}, collections.Counter(s["status"] for s in shadows)
        assert {s["status"] for s in server.requests("--version", "live")} == {200}


CHECKS = (weights, ramp, models_apart, by_name, which_there_are, newest, failed_version, shadow_compared, shadow_same, shadow_of_other_inputs, shadow_program_of_other_inputs, shadow_slow, shadow_dies)

if __name__ == "__main__":
    sys.exit(life.run_checks(CHECKS))
