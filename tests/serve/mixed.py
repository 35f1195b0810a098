# SPDX-License-Identifier: Apache-2.0
"""A mixed load: run by test_mixed.sh. $SECONDS_OF_LOAD of it (3)."""
import collections
import json
import os
import pathlib
import signal
import sys
import threading
import time

import life
from fixtures import Fitted
from life import Client, Server, do, moody

SCRATCH = pathlib.Path(os.environ["SCRATCH"])
PEOPLE = Fitted("people", SCRATCH / "centroids.csv")
PEOPLE_FILE, MIX_FILE = str(SCRATCH / "people.ock"), str(SCRATCH / "mix.ock")
ROWS = PEOPLE.rows(20)


def models(upstream, turn):
    """Each turn is a little different: weights, a model that comes and goes, a program that is started anew."""
    found = [{"name": "people", "version": "1", "file": PEOPLE_FILE, "weight": 1 + turn % 3},
             {"name": "people", "version": "2", "file": PEOPLE_FILE, "weight": 1},
             {"name": "people", "version": "shadow", "file": PEOPLE_FILE, "shadow": True, "slow": f"{turn + 1}ms"},
             {"name": "mix", "file": MIX_FILE}, {"name": "far", "upstream": f"{upstream}/v2/models/people"},
             moody(workers=2, environment={"FACTOR": str(1 + turn // 2)}), moody("frail", timeout="500ms", queue=4)]
    return found + [{"name": "guest", "file": PEOPLE_FILE}] * (turn % 2)


class Crowd:
    """Threads that do one thing each until the end, and count what came of it."""

    def __init__(self, server):
        self.server, self.counts, self.problems, self.ended = server, collections.Counter(), [], threading.Event()
        self.asked, self.lock = collections.Counter(), threading.Lock()
        self.threads = []

    def start(self, action, n=1):
        for i in range(n):
            self.threads.append(threading.Thread(target=self.run, args=(action, i), daemon=True))
            self.threads[-1].start()

    def run(self, action, i):
        number = i
        while not self.ended.is_set():
            try:
                action(number)
            except Exception as error:  # any: the test shall hear of it
                self.problems.append(f"{action.__name__}: {type(error).__name__} {error}")
            number += 16

    def ask(self, who, number, method, path, body=None, admin=False, allowed=(200,), leave=None, **headers):
        """Counted when it is a request for inference that the server has read."""
        id = f"{who}-{number}"
        with Client(self.server.admin if admin else self.server.url) as client:
            if leave is not None:
                client.http.request(method, path, json.dumps(body), {"X-Request-Id": id})
                time.sleep(leave)
                return
            answer = client.ask(method, path, body, X_Request_Id=id, **headers)
        with self.lock:
            self.asked[id] = answer.status
            self.counts[who, answer.status] += 1
        if answer.status not in allowed:
            self.problems.append(f"{id}: {method} {path}: {answer}")

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(life.PATIENCE)
            assert not thread.is_alive(), "a client hangs"


def actions(crowd, stop_reloads):
    def rows(number):
        crowd.ask("rows", number, "POST", "/m/people", PEOPLE.records(ROWS[: 1 + number % 20]), X_Unit_Key=f"k{number}")

    def tensors(number):
        body, headers = PEOPLE.binary_request(ROWS[: 1 + number % 20])
        crowd.ask("tensors", number, "POST", "/v2/models/people/infer", body, **headers)

    def many(number):
        crowd.ask("many", number, "POST", "/v2/models/mix/infer", PEOPLE.request(PEOPLE.rows(3000)) if number % 2 else PEOPLE.request(ROWS))

    def program(number):
        crowd.ask("program", number, "POST", "/m/moody", do("", number))

    def frail(number):
        what = ("", "die", "fail", "hang", "", "garbage", "flood", "")[number // 16 % 8]
        crowd.ask("frail", number, "POST", "/m/frail", do(what, number), allowed=(200, 500, 502, 503, 504, 422), X_Deadline_Ms="3000")

    def upstream(number):
        crowd.ask("upstream", number, "POST", "/v2/models/far/infer", PEOPLE.request(ROWS))

    def wrong(number):
        crowd.ask("wrong", number, "POST", ("/m/people", "/m/ghost", "/m/moody")[number // 16 % 3], '[{"height": 1,', allowed=(400, 404))

    def leaver(number):
        crowd.ask("leaver", number, "POST", "/m/moody", do("sleep:0.02", number), leave=0.01)

    def guest(number):
        crowd.ask("guest", number, "POST", "/m/guest", PEOPLE.records(ROWS), allowed=(200, 404))

    def looker(number):
        path = ("/metrics", "/admin/state", "/admin/history", "/admin/requests?limit=20", "/admin/events", "/v2/models/stats", "/",
                "/openapi.json")[number // 16 % 8]
        crowd.ask("looker", number, "GET", path, admin=path not in ("/", "/openapi.json"))

    def streamer(_):
        with Client(crowd.server.admin) as client:
            client.http.request("GET", "/admin/stream")
            answer = client.http.getresponse()
            assert answer.status == 200
            answer.read(200)

    def loader(number):
        crowd.ask("loader", number, "POST", "/v2/repository/models/mix/load", admin=True)
        time.sleep(0.05)

    def reloader(number):
        if not stop_reloads.is_set():
            crowd.server.configure(models(crowd.server.upstream, number // 16))
            crowd.server.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)

    return ((rows, 2), (tensors, 1), (many, 1), (program, 2), (frail, 1), (upstream, 1), (wrong, 1), (leaver, 1), (guest, 1), (looker, 1),
            (streamer, 1), (loader, 1), (reloader, 1))


def everything(folder):
    """All that is good is answered with 200; all requests are in the recording and in the access log exactly once, with the status that
    the client saw; the answers of shadows are the same; it ends with 0 and leaves nobody."""
    folder.mkdir()
    log = folder / "access.log"
    with Server(folder / "upstream", [{"name": "people", "file": PEOPLE_FILE}]) as behind, \
            Server(folder, models(behind.url, 0), record={"sample": 0.2, "flush": "10ms"}, access_log=str(log)) as server:
        server.upstream = behind.url
        crowd, stop_reloads = Crowd(server), threading.Event()
        for action, n in actions(crowd, stop_reloads):
            crowd.start(action, n)
        time.sleep(float(os.environ.get("SECONDS_OF_LOAD", "3")))
        crowd.end()
        assert not crowd.problems, (len(crowd.problems), crowd.problems[:5])
        answered = {who for who, status in crowd.counts if status == 200}
        assert answered >= {"rows", "tensors", "many", "program", "frail", "upstream", "looker", "loader"}, crowd.counts
        workers = server.workers()
        figures = server.metrics()
        different = [value for name, value in figures.items() if name.startswith("ockham_shadow_different_total")]
        assert sum(different) == 0 and figures["ockham_recording_lost_total"] == 0
        assert server.stop() == 0
        life.wait_until("the workers' end", lambda: not any(map(life.is_there, workers)))
        kept = [r for r in server.requests() if "shadow" not in r["marks"]]
        numbers = [r["number"] for r in server.requests()]
        assert numbers == list(range(1, len(numbers) + 1))
        logged = [json.loads(line) for line in log.read_text().splitlines()]
        by_log = {line["id"]: line["status"] for line in logged}
        assert len(by_log) == len([line for line in logged if "-" in line["id"]]), "a request was logged twice"
        inference = {id: status for id, status in crowd.asked.items() if id.split("-")[0] not in ("looker", "loader")}
        found = {r["id"]: r["status"] for r in kept if not r["id"].startswith("leaver")}
        assert len([r for r in kept if not r["id"].startswith("leaver")]) == len(found), "a request was recorded twice"
        assert found == inference, [(id, status, found.get(id)) for id, status in inference.items() if found.get(id) != status][:5]
        assert {id: by_log.get(id) for id in crowd.asked} == dict(crowd.asked)


CHECKS = (everything,)

if __name__ == "__main__":
    sys.exit(life.run_checks(CHECKS))
