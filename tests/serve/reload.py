# SPDX-License-Identifier: Apache-2.0
"""Models that change while clients ask: run by test_reload.sh."""
import os
import pathlib
import sys
import time

import life
from fixtures import Fitted
from life import Load, Server, do, moody

SCRATCH = pathlib.Path(os.environ["SCRATCH"])
PEOPLE, OTHER = (Fitted("m", SCRATCH / name) for name in ("centroids.csv", "other_centroids.csv"))
ROW = PEOPLE.rows(1)[0]


def close_to(a, b):
    return abs(a - b) <= 1e-6 * max(1, abs(a), abs(b))


def put_file(model, path):
    """In place of another, at once, as a careful deployment does."""
    new = path.with_name("new.ock")
    new.write_bytes((SCRATCH / model).read_bytes())
    new.rename(path)


def which(answer):
    """The model that an answer comes from."""
    assert answer.status == 200, answer
    (row,) = answer.json()
    for name, model in (("people", PEOPLE), ("other", OTHER)):
        cluster, square = model.nearest(ROW)
        if row["cluster"] == cluster and close_to(row["squared_distance"], square):
            return name
    raise AssertionError(f"answered by no model: {answer}")


def ask_fitted(client, _):
    return which(client.post("/m/m", PEOPLE.records([ROW])))


def ask_moody(client, number):
    """(factor, process) of who answered."""
    answer = client.post("/m/moody", do("", number + 1.0))
    assert answer.status == 200, answer
    (row,) = answer.json()
    return row["y"] / (number + 1.0), row["process"]


def count_switches(values):
    return sum(a != b for a, b in zip(values, values[1:]))


# ---- checks ----


def file_by_load(folder):
    """A model's file is replaced again and again and loaded by request: each answer is one model's or the other's."""
    folder.mkdir()
    file = folder / "m.ock"
    put_file("people.ock", file)
    with Server(folder, [{"name": "m", "file": str(file)}]) as server, Load(server.url, ask_fitted, 8) as load:
        for turn in range(10):
            put_file(("other.ock", "people.ock")[turn % 2], file)
            answer = server.ask_admin("POST", "/v2/repository/models/m/load", {})
            assert answer.status == 200, answer
            with server.client() as client:  # whoever was told that it is loaded gets it
                assert ask_fitted(client, 0) == ("other", "people")[turn % 2]
            load.wait_for(50)
        answers = load.stop()
        assert not load.problems, load.problems[:3]
        assert {"people", "other"} == set(answers)
        assert server.stop() == 0
        assert {request["status"] for request in server.requests()} == {200}


def file_by_hangup(folder):
    """The same by SIGHUP, with a damaged file in between, which changes nothing."""
    folder.mkdir()
    file = folder / "m.ock"
    put_file("people.ock", file)
    models = [{"name": "m", "file": str(file)}]
    with Server(folder, models) as server, Load(server.url, ask_fitted, 8) as load, server.client() as client:
        for turn in range(6):
            put_file(("other.ock", "people.ock")[turn % 2], file)
            assert server.reload(models)
            expected = ("other", "people")[turn % 2]
            assert ask_fitted(client, 0) == expected
            good = file.read_bytes()
            file.write_bytes(good[: len(good) // 2])
            assert not server.reload(models)
            assert ask_fitted(client, 0) == expected
            answer = server.ask_admin("POST", "/v2/repository/models/m/load", {})
            assert answer.status == 400 and "m.ock" in answer.json()["error"], answer
            assert ask_fitted(client, 0) == expected
        load.stop()
        assert not load.problems, load.problems[:3]


def unload_and_load(folder):
    """While it is unloaded 404 tells so; the index knows it; another model notices nothing."""
    models = [{"name": "m", "file": str(SCRATCH / "people.ock")}, {"name": "other", "file": str(SCRATCH / "people.ock")}]

    def ask(client, _):
        return client.post("/m/other", PEOPLE.records([ROW])).status

    with Server(folder, models) as server, Load(server.url, ask) as load, server.client() as client:
        for _ in range(5):
            assert server.ask_admin("POST", "/v2/repository/models/m/unload", {}).status == 200
            assert client.post("/m/m", PEOPLE.records([ROW])).status == 404
            index = {entry["name"]: entry["state"] for entry in server.ask_admin("POST", "/v2/repository/index", {}).json()}
            assert index == {"m": "UNAVAILABLE", "other": "READY"}, index
            assert server.ask_admin("POST", "/v2/repository/models/m/load", {}).status == 200
            assert client.post("/m/m", PEOPLE.records([ROW])).status == 200
        assert server.ask_admin("POST", "/v2/repository/models/ghost/load", {}).status == 404
        assert server.ask_admin("POST", "/v2/repository/models/ghost/unload", {}).status == 404
        assert set(load.stop()) == {200} and not load.problems, load.problems[:3]


def one_version_of_two(folder):
    """A version that is left out is gone from the index, and its model is not told as unloaded."""
    models = [{"name": "m", "version": version, "file": str(SCRATCH / "people.ock")} for version in ("1", "2")]
    with Server(folder, models) as server:
        assert server.reload(models[1:])
        index = server.ask_admin("POST", "/v2/repository/index", {}).json()
        assert [(entry["version"], entry["state"]) for entry in index] == [("2", "READY")], index
        assert server.reload([models[0] | {"name": "other"}])
        index = server.ask_admin("POST", "/v2/repository/index", {}).json()
        assert [(entry["name"], entry["state"]) for entry in index] == [("other", "READY"), ("m", "UNAVAILABLE")], index


def program_switched(folder):
    """A program is replaced under load: every request is answered, by the old one or the new one; the old one's processes
    end."""
    with Server(folder, [moody(workers=2, environment={"FACTOR": "2"})]) as server, Load(server.url, ask_moody, 8) as load:
        load.wait_for(50)
        old = set(server.workers())
        assert server.reload([moody(workers=2, environment={"FACTOR": "3"})])
        with server.client() as client:
            assert ask_moody(client, 0)[0] == 3
        life.wait_until("both new workers", lambda: len({process for (factor, process), _ in list(load.results) if factor == 3}) == 2)
        life.wait_until("the old workers' end", lambda: not old & set(server.workers()))
        answers = load.stop()
        assert not load.problems, load.problems[:3]
        assert {factor for factor, _ in answers} == {2, 3}


def program_broken(folder):
    """One that does not start leaves the old one, and so does a configuration with a mistake."""
    good, broken = moody(), moody(environment={"START": "fail"})
    with Server(folder, [good]) as server, Load(server.url, ask_moody) as load:
        load.wait_for(20)
        assert not server.reload([broken])
        assert "as it was told to" in server.log()
        assert not server.reload([good | {"workres": 3}])
        assert not server.reload([good, {"name": "new", "file": str(folder / "ghost.ock")}])
        load.wait_for(20)
        answers = load.stop()
        assert not load.problems and len({process for _, process in answers}) == 1, (load.problems[:3], set(answers))


def all_or_none(folder):
    """Of two changes one fails: neither is made."""
    first, second = moody("first", environment={"FACTOR": "2"}), moody("second", environment={"FACTOR": "2"})
    with Server(folder, [first, second]) as server, server.client() as client:
        changed = [moody("first", environment={"FACTOR": "3"}, weight=2), moody("second", environment={"START": "fail"})]
        assert not server.reload(changed)
        assert client.post("/m/first", do()).json()[0]["y"] == 2


def drained(folder):
    """A model that is let go answers what it has accepted, and is gone."""
    both = [{"name": "m", "file": str(SCRATCH / "people.ock")}, moody()]
    with Server(folder, both) as server:
        with Load(server.url, lambda client, _: client.post("/m/moody", do("sleep:0.5")).status, 3) as load:
            life.wait_until("requests that wait", lambda: server.metric("queue_length", "moody") >= 2)
            assert server.reload(both[:1])
            load.ended = True
            statuses = load.stop()
            assert not load.problems and statuses.count(200) >= 3 and set(statuses) <= {200, 404}, (load.problems, statuses)
        life.wait_until("the workers' end", lambda: not server.workers())
        assert server.stop() == 0


def weights_alone(folder):
    """Other weights keep the processes."""
    def models(first, second):
        return [moody(version="a", weight=first), moody(version="b", weight=second, environment={"FACTOR": "2"})]

    with Server(folder, models(1, 0)) as server, Load(server.url, ask_moody) as load:
        load.wait_for(20)
        before = server.workers()
        assert server.reload(models(0, 1))
        assert server.workers() == before
        seen = len(load.results)
        load.wait_for(20)
        assert server.reload(models(1, 1))
        load.wait_for(60)
        answers = load.stop()
        assert not load.problems, load.problems[:3]
        assert {factor for factor, _ in answers[:20]} == {1} and {factor for factor, _ in answers[seen + 8 :]} == {1, 2}
        assert server.workers() == before and not server.events("death")


def many_reloads(folder):
    """Hangups in a row, faster than they are worked off: the last configuration holds in the end."""
    models = [{"name": "m", "file": str(SCRATCH / "people.ock")}]
    with Server(folder, models) as server, Load(server.url, ask_fitted) as load:
        for turn in range(40):
            server.configure([models[0] | {"slow": f"{turn + 1}ms"}] + [moody(f"new{turn}")] * (turn == 39))
            server.process.send_signal(1)
            time.sleep(0.005)
        with server.client() as client:
            life.wait_until("the last of them", lambda: client.post("/m/new39", do()).status == 200)
        load.stop()
        assert not load.problems, load.problems[:3]
        assert server.stop() == 0


CHECKS = (file_by_load, file_by_hangup, unload_and_load, one_version_of_two, program_switched, program_broken, all_or_none, drained, weights_alone, many_reloads)

if __name__ == "__main__":
    sys.exit(life.run_checks(CHECKS))
