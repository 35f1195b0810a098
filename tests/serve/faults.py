# SPDX-License-Identifier: Apache-2.0
"""The fault matrix of a running server: run by test_faults.sh. While something goes wrong with one model, a fitted model beside it
is asked: none of its answers may fail or be late."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import life
from fixtures import Fitted
from life import Load, Server, do, moody

SCRATCH = pathlib.Path(os.environ["SCRATCH"])
PEOPLE = Fitted("people", SCRATCH / "centroids.csv")
FITTED = {"name": "people", "file": str(SCRATCH / "people.ock")}
ROW = PEOPLE.records(PEOPLE.rows(1))
LATEST = 20.0  # seconds: what no bystander's answer takes, on any machine


@contextlib.contextmanager
def bystander(server):
    with Load(server.url, lambda client, _: client.post("/m/people", ROW).status, 2, pause=0.002) as load:
        load.wait_for(5)
        yield load
        load.wait_for(5)
        assert set(load.stop()) == {200} and not load.problems, load.problems[:3]
        slowest = max(seconds for _, seconds in load.results)
        assert slowest < LATEST, f"the fitted model's slowest answer took {slowest:.1f} s"


@contextlib.contextmanager
def serving(folder, model, **other):
    """A server with this model and the bystander's."""
    with Server(folder, [model, FITTED], **other) as server, bystander(server):
        yield server


class Ask(threading.Thread):
    """A request that is waited for elsewhere."""

    def __init__(self, server, rows, path="/m/moody", **headers):
        super().__init__(daemon=True)
        self.client, self.rows, self.path, self.headers = server.client(), rows, path, headers
        self.answer, self.problem, self.seconds = None, None, None
        self.start()

    def run(self):
        begin = time.monotonic()
        try:
            self.answer = self.client.post(self.path, self.rows, **self.headers)
        except Exception as error:  # any: result() tells
            self.problem = error
        self.seconds = time.monotonic() - begin

    def result(self):
        self.join(life.PATIENCE)
        assert not self.is_alive(), "no answer"
        if self.problem:
            raise self.problem
        return self.answer


def wait_busy(server, n=1, waiting=0):
    life.wait_until("a busy worker", lambda: server.metric("workers_busy", "moody") >= n and server.metric("queue_length", "moody") >= waiting)


def wait_works(server):
    with server.client() as client:
        return life.wait_until("an answer", lambda: (a := client.post("/m/moody", do())).status == 200 and a)


def death(server, n=1):
    """The n-th, with what is said of it."""
    return life.wait_until("a death", lambda: server.events("death")[n - 1 :])[0]


# ---- workers ----


def worker_killed(folder):
    """kill -9 in the middle of a request: it fails with why, or is tried again; the next is answered by a new process."""
    with serving(folder, moody()) as server:
        (worker,) = server.workers()
        ask = Ask(server, do("sleep:4"), X_Request_Id="unlucky")
        wait_busy(server)
        os.kill(worker, signal.SIGKILL)
        answer = ask.result()
        assert answer.status == 200 or answer.status == 502 and "signal 9" in answer.json()["error"], answer
        assert wait_works(server).json()[0]["process"] != worker
        told = death(server)
        assert "signal 9" in told["text"] and "unlucky" in told["text"] and told["details"]["request"] == "unlucky", told
        assert server.metric("worker_deaths_total", "moody") == 1 and server.metric("worker_starts_total", "moody") == 2
        ids = {request["id"]: request for request in server.requests("--model", "moody")}
        assert ids["unlucky"]["status"] == answer.status and ("died" in ids["unlucky"]["marks"] or answer.status == 200)


def hang(folder):
    """The time-out ends it: 504, and a new process."""
    with serving(folder, moody(timeout="700ms")) as server:
        answer = Ask(server, do("hang")).result()
        assert answer.status == 504, answer
        assert wait_works(server)
        assert "0.7" in death(server)["text"] or "time-out" in death(server)["text"], death(server)


def memory(folder):
    """The limit is reached: refused by the program or killed by the kernel, told in either case."""
    if os.environ.get("SANITIZED"):
        return "a sanitizer's shadow memory is above any limit"
    with serving(folder, moody(limits={"memory": "96M"})) as server:
        answer = Ask(server, do("eat")).result()
        assert answer.status in (500, 502), answer
        if answer.status == 502:
            assert "memory limit of 96 MB" in death(server)["text"], death(server)
        else:
            assert "MemoryError" in answer.json()["error"]
        assert wait_works(server)
        assert server.metric("worker_peak_memory_bytes", "moody") <= 110 << 20


def poison(folder):
    """The request that killed two workers is refused from then on: 422. Others are served."""
    with serving(folder, moody(workers=2)) as server, server.client() as client:
        statuses = []
        while len(statuses) < 4:
            statuses.append(client.post("/m/moody", do("die", 13.0), X_Request_Id=f"p{len(statuses)}").status)
            if statuses[-1] != 422:
                wait_works(server)
        assert statuses[0] == 502 and statuses[-1] == 422 and 503 not in statuses, statuses
        assert server.metric("worker_deaths_total", "moody") == 2 and server.metric("quarantined_total", "moody") == 1
        (event,) = server.events("quarantine")
        assert re.search(r"request p\d killed two workers", event["text"]), event
        assert client.post("/m/moody", do("", 13.0)).status == 200
        assert client.post("/m/moody", do("die", 14.0)).status == 502


def flood(folder):
    """26 MB on standard error: the answer comes, the server's own log and memory stay small, and the end of it is kept."""
    with serving(folder, moody()) as server:
        before = resident(server)
        answer = Ask(server, do("flood")).result()
        assert answer.status == 200, answer
        assert Ask(server, do("talk:hello")).result().status == 200  # standard output is no frame
        assert resident(server) - before < 64 << 20
        os.kill(server.workers()[0], signal.SIGKILL)
        told = death(server)
        assert len(told["details"]["stderr"]) <= 65536 + 8192 and "said on standard output: hello" in told["details"]["stderr"]
        assert wait_works(server)


def resident(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) << 10


def garbage(folder):
    """What is no frame, or a byte of one: the process is ended, the request fails, the next is served."""
    with serving(folder, moody(timeout="3s")) as server:
        answer = Ask(server, do("garbage")).result()
        assert answer.status == 502, answer
        wait_works(server)
        answer = Ask(server, do("bite")).result()
        assert answer.status in (502, 504), answer
        wait_works(server)
        assert server.metric("worker_deaths_total", "moody") == 2


def fork_bomb(folder):
    """The limit of processes holds, and with the worker all that it started is gone."""
    if os.environ.get("SANITIZED"):
        return "a sanitizer's processes are large"
    with serving(folder, moody(limits={"processes": 40})) as server:
        answer = Ask(server, do("fork")).result()
        n = len(server.workers())
        if answer.status == 200:
            assert os.geteuid() == 0 and "processes are not limited" in server.log() or n > 1000, (answer, n)
            return "processes of the administrator are not limited here"
        assert answer.status in (500, 502) and n <= 41, (answer, n)
        assert server.reload([FITTED])
        life.wait_until("the end of all", lambda: not server.workers())


def breaker(folder):
    """Failures in a row: refused at once with 503 and Retry-After; once the program works again, so does the model."""
    folder.mkdir()
    broken = folder / "broken"
    broken.touch()
    with serving(folder, moody(environment={"EVERY": f"die_while:{broken}"})) as server, server.client() as client:
        answers = []

        def refused():
            answers.append(client.post("/m/moody", do("", len(answers))))
            return answers[-1].status == 503

        life.wait_until("the breaker", refused)
        assert {answer.status for answer in answers[:-1]} == {502} and int(answers[-1].headers["retry-after"]) >= 1, answers
        assert re.search("failures? in a row|no worker", answers[-1].json()["error"]), answers[-1]
        assert server.metric("workers_up", "moody") == 0 or server.metric("breaker_open", "moody") == 1
        assert client.get("/v2/models/moody/ready").status == 503
        broken.unlink()
        wait_works(server)
        assert client.get("/v2/models/moody/ready").status == 200
        assert server.events("breaker-open") and server.events("breaker-closed")


# ---- servers behind it ----


def upstream_dies(folder):
    """A server behind it is killed, and comes back: failures are told as its own, and it is asked again by itself."""
    folder.mkdir()
    behind = Server(folder / "behind", [FITTED])
    with serving(folder, {"name": "moody", "upstream": f"{behind.url}/v2/models/people"}) as server, server.client() as client:
        request = PEOPLE.request(PEOPLE.rows(2))

        def status():
            return client.post("/v2/models/moody/infer", request).status

        with behind:
            assert status() == 200
        for _ in range(12):  # enough for the breaker
            assert status() in (502, 503)
        with Server(folder / "again", [FITTED], listen=behind.url.removeprefix("http://")):
            life.wait_until("the server behind", lambda: status() == 200)
            answer = client.post("/v2/models/moody/infer", request)
            assert answer.json()["outputs"][0]["data"] == PEOPLE.labels(PEOPLE.rows(2)) and answer.json()["model_name"] == "moody"


def upstream_hangs(folder):
    """A server that takes requests and says nothing, or nonsense, or half of an answer: 504 or 502, and the next is asked."""
    folder.mkdir()
    metadata = json.dumps({"name": "m", "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 2]}],
                           "outputs": [{"name": "y", "datatype": "INT64", "shape": [-1]}]}).encode()
    said = {}

    def answer(connection):
        with connection:
            data = b""
            while b"\r\n\r\n" not in data:
                got = connection.recv(65536)
                if not got:
                    return
                data += got
            if data.startswith(b"GET"):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(metadata), metadata))
            elif said.get("bytes") is None:
                time.sleep(life.PATIENCE)
            else:
                connection.sendall(said["bytes"])

    def listen():
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=listen, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v2/models/m"
        with serving(folder, {"name": "moody", "upstream": url, "timeout": "500ms"}) as server, server.client() as client:
            for said["bytes"], expected in ((None, (504,)), (b"garbage\r\n\r\n", (502,)),
                                            (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"outputs\":", (502, 504)),
                                            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", (502,)),
                                            (b"HTTP/1.1 500 Oh\r\nContent-Length: 14\r\n\r\n{\"error\":\"no\"}", (500, 502))):
                found = client.post("/v2/models/moody/infer", PEOPLE.request(PEOPLE.rows(1)))
                assert found.status in expected, (said, found)
            body = b'{"model_name":"m","outputs":[{"name":"y","datatype":"INT64","shape":[1],"data":[7]}]}'
            said["bytes"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
            row = PEOPLE.request(PEOPLE.rows(1))
            good = life.wait_until("an answer", lambda: (a := client.post("/v2/models/moody/infer", row)).status == 200 and a)
            assert good.json()["outputs"][0]["data"] == [7], good


# ---- the queue ----


def client_leaves(folder):
    """Who closes while waiting is not worked for: those behind get their turns early; and it is recorded, with its mark. A request
    that a worker has is let go on, as the process would have to be killed for it."""
    with serving(folder, moody(timeout="50s")) as server:
        gone = [server.client() for _ in range(4)]
        for i, client in enumerate(gone):
            client.http.request("POST", "/m/moody", json.dumps(do(f"sleep:{40 if i else 5}")), {"X-Request-Id": f"gone-{i}"})
            wait_busy(server, 1, i)
        ask = Ask(server, do())
        wait_busy(server, 1, 4)
        for client in gone:
            client.close()
        assert ask.result().status == 200 and ask.seconds < 30, ask.seconds
        found = life.wait_until("the record", lambda: len(r := server.requests("--status", "499")) == 4 and r)
        assert {r["id"] for r in found} == {f"gone-{i}" for i in range(4)} and all("cancelled" in r["marks"] for r in found), found
        assert server.metric("requests_total", "moody", more=',outcome="CANCELED"') == 4
        assert server.metric("worker_deaths_total", "moody") == 0


def half_requests(folder):
    """Who sends a part of a request and is gone does not hold its connection until the time-out."""
    whole = b"POST /m/moody HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n" + b" " * 19
    with serving(folder, moody()) as server:
        place, port = server.url.removeprefix("http://").split(":")
        files = pathlib.Path(f"/proc/{server.process.pid}/fd")
        before = len(list(files.iterdir()))
        for i in range(300):
            with socket.create_connection((place, int(port))) as gone:
                gone.sendall(whole[: 1 + i % len(whole)])
        life.wait_until("them to be let go", lambda: len(list(files.iterdir())) < before + 20, 15)


def deadlines(folder):
    """X-Deadline-Ms: refused at once when its turn would come too late, given up when it passes; others are not disturbed."""
    with serving(folder, moody(timeout="50s")) as server, server.client() as client:
        assert client.post("/m/moody", do("sleep:0.3"), X_Deadline_Ms="30000").status == 200
        assert client.post("/m/moody", do(), X_Deadline_Ms="soon").status == 400
        long = Ask(server, do("sleep:3"), X_Deadline_Ms="400", X_Request_Id="long")
        wait_busy(server)
        queued = Ask(server, do("", 8), X_Deadline_Ms="200", X_Request_Id="queued")
        behind = Ask(server, do("", 9), X_Request_Id="behind")
        assert long.result().status == 504 and queued.result().status in (503, 504)
        assert client.post("/m/moody", do(), X_Deadline_Ms="0").status in (503, 504)
        assert behind.result().status == 200
        order = [r["id"] for r in server.requests("--model", "moody")]
        assert max(order.index("long"), order.index("queued")) < order.index("behind"), order


def queue_full(folder):
    """Beyond the queue's length: 503 with Retry-After, at once."""
    with serving(folder, moody(queue=2)) as server, server.client() as client:
        asks = [Ask(server, do("sleep:4"))]
        wait_busy(server)
        asks += [Ask(server, do("", i)) for i in (1, 2)]
        wait_busy(server, 1, 2)
        answer = client.post("/m/moody", do())
        assert answer.status == 503 and int(answer.headers["retry-after"]) >= 1 and "queue" in answer.json()["error"], answer
        assert [ask.result().status for ask in asks] == [200, 200, 200]
        assert client.post("/m/moody", do()).status == 200


# ---- the server ----


def server_killed(folder):
    """kill -9 under load: all that was answered is in the recording, the workers are gone, and the next server starts on the same
    folder, port and socket at once."""
    folder.mkdir()
    models, path = [FITTED, moody(workers=2)], str(folder / "admin.sock")

    def ask(client, number):
        where, rows = ("/m/people", ROW) if number % 2 else ("/m/moody", do("", number))
        assert client.post(where, rows, X_Request_Id=f"k{number}").status == 200
        return f"k{number}"

    with Server(folder, models, admin=path) as server, Load(server.url, ask, 8) as load:
        load.wait_for(1000)
        workers = server.workers()
        assert len(workers) >= 2
        server.process.kill()
        server.process.wait()
        load.ended = True
        answered = set(load.stop())
    life.wait_until("the workers' end", lambda: not any(map(life.is_there, workers)))
    kept = {request["id"] for request in server.requests()}
    assert answered <= kept, f"{len(answered - kept)} of {len(answered)} answered requests are not in the recording"
    again = Server(folder, models, admin=path, listen=server.url.removeprefix("http://"))
    with again, again.client() as client:
        assert again.url == server.url and client.post("/m/people", ROW, X_Request_Id="after").status == 200
        numbers = [request["number"] for request in again.requests()]
        assert numbers == sorted(set(numbers)) and len(numbers) == len(kept) + 1, (len(numbers), len(kept))
        assert again.stop() == 0


def two_servers(folder):
    """A second one on the same recording is refused, and the first goes on."""
    with Server(folder, [FITTED]) as server, server.client() as client:
        done = subprocess.run([life.OCKHAM, "serve", str(folder / "ockham.yaml")], capture_output=True, text=True, timeout=life.PATIENCE)
        assert done.returncode and "another server is recording into this folder" in done.stderr, done
        assert client.post("/m/people", ROW).status == 200


def full_disk(folder):
    """Requests are answered while nothing can be recorded, /metrics tells how many are missing, and it goes on by itself."""
    folder.mkdir()
    full = folder / "full"
    full.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(full)], capture_output=True).returncode:
        return "no file system of its own can be mounted"
    body = PEOPLE.records(PEOPLE.rows(200))
    try:
        with Server(folder, [FITTED], recording=full / "recording", record={"keep": "64M", "sample": 1}) as server, server.client() as client:

            def lost():
                assert client.post("/m/people", body).status == 200
                return server.metrics()["ockham_recording_lost_total"]

            life.wait_until("lost entries", lost)
            life.wait_until("the log", lambda: "recording: no room can be made for more requests" in server.log())
            state = server.ask_admin("GET", "/admin/state").json()
            subprocess.run(["mount", "-o", "remount,size=200m", str(full)], check=True)

            def recovered():
                before = server.metrics()["ockham_recorded_total"]
                assert client.post("/m/people", body, X_Request_Id="after").status == 200
                return server.metrics()["ockham_recorded_total"] > before

            life.wait_until("the recording", recovered)
            assert any(request["id"] == "after" for request in server.requests())
            life.wait_until("the end of it in the log", lambda: re.search(r"recording: it goes on, \d+ requests are missing", server.log()))
            assert server.log().count("no room can be made") == 1, server.log()
            assert server.stop() == 0
            assert state
    finally:
        subprocess.run(["umount", str(full)], check=False)


def stopped(folder):
    """SIGTERM while requests wait and are worked on: they are answered, then it ends with 0; who comes later is not let in."""
    with Server(folder, [FITTED, moody()]) as server:
        idle = server.client()
        assert idle.get("/v2/health/live").status == 200
        asks = [Ask(server, do("sleep:4"))]
        wait_busy(server)
        asks += [Ask(server, do("sleep:0.1", i)) for i in range(4)]
        wait_busy(server, 1, 4)
        server.process.send_signal(signal.SIGTERM)
        answers = [ask.result() for ask in asks]
        assert [answer.status for answer in answers] == [200] * 5, answers
        assert all(answer.headers.get("connection", "").lower() == "close" for answer in answers[1:]), answers[0].headers
        assert server.process.wait(life.PATIENCE) == 0
        try:
            server.client(timeout=5).get("/v2/health/live")
            raise AssertionError("it still answers")
        except OSError:
            pass
        assert len(server.requests("--model", "moody")) == 5
    life.wait_until("the workers' end", lambda: not server.workers())


def stopped_while_waiting(folder):
    """A model that takes its time to start holds up no end, neither at the start nor in a reload."""
    slow = moody("slow", startup="300s", environment={"START": "hang"})
    with Server(folder, [FITTED, slow], wait=False) as server:
        life.wait_until("the model's start", lambda: "recorded in" in server.log() and server.workers())
        assert server.stop() == 0
    with Server(folder, [FITTED]) as server:
        server.configure([FITTED, slow])
        server.process.send_signal(signal.SIGHUP)
        life.wait_until("the reload", server.workers)
        with server.client() as client:
            assert client.post("/m/people", ROW).status == 200
        assert server.stop() == 0


def stopped_twice(folder):
    """The second signal is meant: it ends at once, and so do the workers."""
    with Server(folder, [moody(timeout="50s")]) as server:
        workers = server.workers()
        Ask(server, do("sleep:40"))
        wait_busy(server)
        server.process.send_signal(signal.SIGINT)
        life.wait_until("the first", lambda: "finishing what was accepted" in server.log())
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(20) == 130
        life.wait_until("the workers' end", lambda: not any(map(life.is_there, workers)))


CHECKS = (worker_killed, hang, memory, poison, flood, garbage, fork_bomb, breaker, upstream_dies, upstream_hangs, client_leaves, half_requests,
          deadlines, queue_full, server_killed, two_servers, full_disk, stopped, stopped_while_waiting, stopped_twice)

if __name__ == "__main__":
    sys.exit(life.run_checks(CHECKS, at_once=4))
