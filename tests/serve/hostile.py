#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Send a running server what no decent client sends, and see that it refuses it, closes where it must, and lives on.

    hostile.py URL --centroids FILE [--model NAME] [--pid PID] [--body-bytes N] [--request-seconds S] [--idle-seconds S]
               [--connections N] [--worker NAME] [--only ID ...]

The limits are those that the server was started with. Only the standard library. Exit code 1: something does not hold."""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import random
import resource
import sys
import time

import hostile_cases
from fixtures import Echo, Fitted
from raw import NoAnswer, Wire, request

LIVE = hostile_cases.LIVE


class Problem(Exception):
    pass


def expect(truth, text):
    if not truth:
        raise Problem(text)


def is_alive(url):
    with Wire(url) as wire:
        answer = wire.send(LIVE).answer()
    expect(answer and answer[0] == 200, f"the server does not answer any more: {answer}")


# ---- cases that are data ----


def run_case(case, url):
    with Wire(url) as wire:
        wire.send(case.data)
        if case.ends:
            wire.finish()
        for number, wanted in enumerate(case.answers):
            wanted = wanted if isinstance(wanted, tuple) else (wanted,)
            answer = wire.answer(case.head)
            if answer and answer[0] == 100 and 100 not in wanted:
                answer = wire.answer(case.head)
            status = answer and answer[0]
            expect(status in wanted, f"answer {number + 1}: expected {wanted}, found {status} {answer[2][:160] if answer else ''!r}")
            if answer and case.lacks:
                expect(case.lacks not in answer[2] and case.lacks.decode() not in str(answer[1]), f"the answer has {case.lacks}")
        if case.closes:
            expect(nothing_more(wire), f"expected the connection to be closed, found {wire.data[:120]!r}" if wire.data else
                   "expected the connection to be closed, it is open")
        elif case.closes is None:
            expect(nothing_more(wire.finish()), f"expected no further answer, found {wire.data[:120]!r}")
        else:
            answer = wire.send(LIVE).answer()
            expect(answer and answer[0] == 200 and answer[2].startswith(b'{"live"'), f"the next request: expected 200, found {answer}")


def nothing_more(wire):
    """The server closes, without a further answer. libmicrohttpd 0.9.75 writes the head of its own error answers twice, which leaves
    the end of one behind: of the same error, with "Connection: close", so nothing follows it; later versions do not."""
    return wire.ends() or wire.closed and b"HTTP/1.1" not in wire.data and wire.data.endswith(b"</html>")


# ---- behaviour: functions of (server) that raise Problem ----


class Server:
    def __init__(self, options):
        self.url, self.pid, self.options = options.url, options.pid, options
        self.model = Fitted(options.model, options.centroids)
        self.infer = self.model.base + "/infer"
        self.good = json.dumps(self.model.request(self.model.rows(2))).encode()

    def wire(self, **options):
        return Wire(self.url, **options)

    def post(self, i, rows=1, target=None):
        body = json.dumps(self.model.request(self.model.rows(rows), id=str(i))).encode()
        return request("POST", target or self.infer, body=body)

    def n_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def peak_memory(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024


def pipelined_order(s):
    """50 requests in one write: 50 answers in their order"""
    with s.wire() as wire:
        wire.send(b"".join(s.post(i, 1 + i * 37 % 400) for i in range(50)))
        for i in range(50):
            status, _, body = wire.answer()
            expect(status == 200 and json.loads(body)["id"] == str(i), f"answer {i}: {status} {body[:100]}")


def pipelined_mixed(s):
    """good and bad requests of all kinds in one write: each its answer"""
    kinds = [(s.post("a"), 200), (request("GET", "/v2/models/nobody"), 404), (request("POST", s.infer, body=b"{"), 400), (LIVE, 200),
             (request("HEAD", "/v2"), 200), (request("POST", f"/m/{s.model.name}", ["Content-Type: a/b"], b"x"), 415)]
    with s.wire() as wire:
        wire.send(b"".join(data for data, _ in kinds * 5))
        for i, (data, wanted) in enumerate(kinds * 5):
            answer = wire.answer(head=data.startswith(b"HEAD"))
            expect(answer and answer[0] == wanted, f"answer {i}: expected {wanted}, found {answer}")


def pipelined_worker(s):
    """behind a request that waits for a worker others wait too"""
    if not s.options.worker:
        return "no --worker"
    body, headers = Echo(s.options.worker).ask("INT8", [1, 2, 3])
    slow = request("POST", f"/v2/models/{s.options.worker}/infer", [f"{k}: {v}" for k, v in headers.items()], body)
    with s.wire() as wire:
        wire.send((slow + s.post("b")) * 10)
        for i in range(20):
            status, _, answer = wire.answer()
            found = json.loads(answer)
            expect(status == 200 and found["model_name"] == (s.model.name if i % 2 else s.options.worker), f"answer {i}: {status} {answer[:100]}")


def pieces(s):
    """a request that comes byte by byte is one"""
    data = s.post("z")
    with s.wire() as wire:
        for i in range(0, len(data)):
            wire.send(data[i : i + 1])
        status, _, body = wire.answer()
        expect(status == 200 and json.loads(body)["id"] == "z", f"{status} {body[:100]}")


def slow_header(s):
    """slowloris: a header that never ends is cut after --request-seconds, while others are answered"""
    return cut_while_dripping(s, b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"b" * 10_000)


def slow_body(s):
    """a body that never ends is cut too"""
    return cut_while_dripping(s, request("POST", s.infer, ["Content-Length: 10000"]), b" " * 10_000)


def cut_while_dripping(s, head, rest):
    seconds = s.options.request_seconds
    wires = [s.wire().send(head) for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        cut = [pool.submit(wire.drip, rest, 3 * seconds + 5) for wire in wires]
        while not all(future.done() for future in cut):
            is_alive(s.url)
            time.sleep(0.05)
    expect(all(future.result() for future in cut), f"{sum(not f.result() for f in cut)} of 20 still open after {3 * seconds + 5:.0f} s")
    for wire in wires:
        expect(not wire.data or wire.data.startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 400 ")), f"found {wire.data[:100]!r}")


def idle(s):
    """a connection that says nothing is closed after --idle-seconds, a used one too"""
    with s.wire(timeout=3 * s.options.idle_seconds + 5) as fresh, s.wire(timeout=3 * s.options.idle_seconds + 5) as used:
        expect(used.send(LIVE).answer()[0] == 200, "not answered")
        expect(fresh.ends(), "a fresh connection is still open")
        expect(used.ends(), "a used one is still open")


def leaves(s):
    """clients that close in the middle, or while they wait, with a reset or without; nothing is left open"""
    before, data = s.pid and s.n_files(), s.post(1, 3000)
    for number in range(200):
        wire = s.wire().send(data[: len(data) * (number % 9) // 8])
        wire.close(hard=number % 2 == 0)
    is_alive(s.url)
    if not s.pid:
        return "no --pid: open files were not counted"
    end = time.monotonic() + s.options.request_seconds + 10
    while s.n_files() > before + 5 and time.monotonic() < end:
        time.sleep(0.1)
    expect(s.n_files() <= before + 5, f"open files: {before} before, {s.n_files()} after")


def does_not_read(s):
    """a client that never reads its large answers does not stop others"""
    wires = [s.wire() for _ in range(8)]
    for wire in wires:
        wire.socket.settimeout(1)
        try:
            wire.send(s.post("n", 20_000) * 8)
        except TimeoutError:
            pass
    for _ in range(20):
        is_alive(s.url)
    for wire in wires:
        wire.close(hard=True)
    is_alive(s.url)


def many_connections(s):
    """--connections idle connections (10,000): the next client is answered, and all are let go"""
    n = s.options.connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = n + 200
    if hard != resource.RLIM_INFINITY and hard < wanted:
        n, wanted = hard - 200, hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    before, wires = s.pid and s.n_files(), []
    started = time.monotonic()
    try:
        for _ in range(n):
            wires.append(s.wire())
        if s.pid:  # the server has really taken them, rather than the kernel's queue
            end = time.monotonic() + 20
            while s.n_files() < before + 0.99 * n and time.monotonic() < end:
                time.sleep(0.05)
            taken = s.n_files() - before
            expect(taken >= 0.99 * n, f"{taken} of {n} connections were taken")
        is_alive(s.url)
        with s.wire() as wire:
            status, _, body = wire.send(s.post("m")).answer()
            expect(status == 200 and json.loads(body)["id"] == "m", f"{status}")
        sample = random.Random(1).sample(wires, 50)
        closed = sum(wire.send(LIVE).answer() is None for wire in sample)  # those that waited longer than --idle-seconds
        patient = time.monotonic() - started < 0.8 * s.options.idle_seconds
        expect(not closed or not patient, f"{closed} of 50 of them are not answered")
    finally:
        for wire in wires:
            wire.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    is_alive(s.url)
    return f"{n} connections"


def noise(s):
    """random bytes: never a success"""
    rng = random.Random(7)
    answers = send_all(s, [rng.randbytes(rng.choice((1, 10, 100, 3000))) for _ in range(200)])
    for data, answer in answers:
        expect(answer is None or answer[0] >= 400, f"{answer} for {data!r}")


def send_all(s, requests):
    """Each over a connection of its own, many at once; the server must answer in HTTP or not at all."""
    def one(data):
        with s.wire() as wire:
            try:
                return data, wire.send(data).finish().answer()
            except NoAnswer as error:
                raise Problem(f"{error} for {data!r}") from None
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        return list(pool.map(one, requests))


def mutations(s):
    """a good request with bytes changed, left out or doubled: a well-formed answer or none, and never a 5xx"""
    rng, data, requests = random.Random(11), s.post("q"), []
    for _ in range(600):
        bad = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(len(bad))
            action = rng.randrange(3)
            if action == 0:
                bad[at] = rng.choice((rng.randrange(256), 0, 10, 13, 32, 58, 34, 44, 93))
            elif action == 1:
                del bad[at]
            else:
                bad[at:at] = bad[at : at + rng.randrange(1, 20)]
        requests.append(bytes(bad))
    for bad, answer in send_all(s, requests):
        expect(answer is None or answer[0] < 500 or answer[0] in (501, 505), f"{answer} for {bad!r}")


def memory(s):
    """after all this the server has used less than 16 bodies of the longest kind"""
    if not s.pid:
        return "no --pid"
    most = 16 * s.options.body_bytes + (256 << 20)
    expect(s.peak_memory() < most, f"peak memory {s.peak_memory() >> 20} MiB, expected below {most >> 20}")
    return f"peak memory {s.peak_memory() >> 20} MiB"


WAITING = (slow_header, slow_body, idle, noise, mutations)  # these spend their time waiting, so all at once
BEHAVIOUR = (pipelined_order, pipelined_mixed, pipelined_worker, pieces, leaves, does_not_read, many_connections, memory)


# ---- all of them ----


@dataclasses.dataclass
class Task:
    id: str
    says: str
    action: object
    arguments: tuple
    known: str = ""
    problem: str = None
    note: str = None
    seconds: float = 0

    def run(self, url):
        started = time.monotonic()
        self.problem, self.note = attempt(self.action, *self.arguments)
        if self.problem and self.known:
            self.problem, self.note = None, f"known: {self.known}"
        else:
            self.known = ""
        if not self.problem:
            self.problem, _ = attempt(is_alive, url)
        self.seconds = time.monotonic() - started
        return self

    def tell(self, quiet):
        if self.problem or not quiet:
            print(f"{'FAILED' if self.problem else 'ok':8}{self.id:28}{self.says}" + (f" [{self.note}]" if self.note else "")
                  + (f" ({self.seconds:.1f} s)" if self.seconds > 1 else ""))
        if self.problem:
            print(f"        {self.problem[:600]}", flush=True)


def attempt(action, *arguments):
    """(what is wrong or None, a note)."""
    try:
        return None, action(*arguments)
    except (Problem, NoAnswer) as error:
        return str(error), None
    except OSError as error:
        return f"{type(error).__name__} {error}", None


def all_tasks(options):
    """In three lists: what is asked 8 at a time, all at once, and one after the other."""
    server = Server(options)
    cases = hostile_cases.all_cases(options.model, server.infer, server.good, options.body_bytes)
    lists = [[Task(case.id, case.says, run_case, (case, options.url), case.known) for case in cases]]
    for actions in (WAITING, BEHAVIOUR):
        lists.append([Task(action.__name__.replace("_", "-"), action.__doc__, action, (server,)) for action in actions])
    ids = [task.id for tasks in lists for task in tasks]
    assert len(set(ids)) == len(ids)
    return [[task for task in tasks if not options.only or any(task.id.startswith(prefix) for prefix in options.only)] for tasks in lists]


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--centroids", required=True)
    parser.add_argument("--model", default="people")
    parser.add_argument("--worker", help="a worker that returns its inputs")
    parser.add_argument("--pid", type=int, help="the server's process: its open files and memory are looked at")
    parser.add_argument("--body-bytes", type=int, default=64 << 20)
    parser.add_argument("--request-seconds", type=float, default=30)
    parser.add_argument("--idle-seconds", type=float, default=75)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--quiet", action="store_true", help="print what does not hold")
    return parser.parse_args()


def main():
    options, done, started = read_options(), [], time.monotonic()
    is_alive(options.url)
    for tasks, n_at_once in zip(all_tasks(options), (8, len(WAITING), 1)):
        with concurrent.futures.ThreadPoolExecutor(n_at_once) as pool:
            for task in pool.map(lambda task: task.run(options.url), tasks):
                task.tell(options.quiet)
                done.append(task)
    n_failed, n_known = sum(bool(task.problem) for task in done), sum(bool(task.known) for task in done)
    print(f"{len(done)} cases in {time.monotonic() - started:.0f} s: {len(done) - n_failed - n_known} hold, {n_known} are known not to, "
          f"{n_failed} do not")
    return 1 if n_failed or not done else 0


if __name__ == "__main__":
    sys.exit(main())
