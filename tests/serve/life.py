# SPDX-License-Identifier: Apache-2.0
"""A running server in a test's hands: started, asked by several clients at once, signalled, its recording read. Only the
standard library."""
import concurrent.futures
import http.client
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
import traceback

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 60.0  # seconds: nothing that is waited for may take longer, however loaded the machine is
OCKHAM = ""


class Over(AssertionError):
    """What was waited for did not come."""


def wait_until(what, condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Over(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """One connection that is kept, and opened anew only after the server said that it closes."""

    def __init__(self, url, timeout=PATIENCE, tls=None):
        self.place = re.sub("^https?://", "", url)
        if url.startswith("unix:"):
            self.http = UnixConnection(url[5:], timeout)
        elif tls:
            self.http = http.client.HTTPSConnection(self.place, timeout=timeout, context=tls)
        else:
            self.http = http.client.HTTPConnection(self.place, timeout=timeout)

    def ask(self, method, path, body=None, **headers):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content_Type", "application/json")
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.http.request(method, path, body, headers)
        answer = self.http.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, body, **headers)

    def close(self):
        self.http.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Server:
    """`ockham serve` with a configuration, given as a dict; its files are in `folder`."""

    def __init__(self, folder, models, wait=True, environment=None, recording=None, **other):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.recording = recording or self.folder / "recording"
        self.environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})}
        self.other = {"listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "folder": str(self.recording)} | other
        self.configure(models)
        self.log_path = self.folder / "server.err"
        with open(self.log_path, "w") as log, open(self.folder / "server.out", "w") as out:
            self.process = subprocess.Popen([OCKHAM, "serve", str(self.folder / "ockham.yaml")], stdout=out, stderr=log,
                                            env=self.environment)
        self.url = self.admin = ""
        if wait:
            self.wait_ready()

    def configure(self, models):
        """JSON is YAML."""
        (self.folder / "ockham.yaml").write_text(json.dumps(self.other | {"models": models}, indent=1))

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_ready(self):
        wait_until("the server", lambda: re.search("^ready|did not start|is not ready", self.log(), re.M) or self.process.poll() is not None)
        found = re.search(r"^ockham serves at ([^ ,]+)(?:, its console is at ([^ ,\n]+))?", self.log(), re.M)
        if not found:
            raise Over(f"the server did not start: {self.log()}")
        self.url, self.admin = found.group(1), found.group(2) or ""

    def reload(self, models):
        """Whether it took the models over."""
        self.configure(models)
        before = len(self.log())
        self.process.send_signal(signal.SIGHUP)
        wait_until("the reload", lambda: re.search("^reloaded$|left as it was", self.log()[before:], re.M))
        return "left as it was" not in self.log()[before:]

    def client(self, **options):
        return Client(self.url, **options)

    def ask_admin(self, method, path, body=None, **headers):
        with Client(self.admin) as client:
            return client.ask(method, path, body, **headers)

    def metrics(self):
        """{'name{labels}': value}"""
        answer = self.ask_admin("GET", "/metrics")
        assert answer.status == 200, answer
        lines = (line.rsplit(" ", 1) for line in answer.body.decode().splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    def metric(self, name, model, version="1", more=""):
        return self.metrics()[f'ockham_{name}{{model="{model}",version="{version}"{more}}}']

    def requests(self, *options):
        return requests(self.recording, *options)

    def events(self, kind):
        found = [json.loads(line) for line in output("requests", self.recording, "--events", "--json", "--limit", "100000").splitlines()]
        return [event for event in found if event["kind"] == kind]

    def workers(self):
        return children(self.process.pid)

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)


def output(*arguments, codes=(0,)):
    done = subprocess.run([OCKHAM, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode in codes, f"ockham {arguments}: {done.returncode} {done.stderr}"
    return done.stdout


def requests(folder, *options):
    """What was recorded, the oldest first."""
    return [json.loads(line) for line in output("requests", folder, "--json", "--limit", "1000000", *options).splitlines()]


def children(process):
    """Of it, at any depth."""
    parents = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it ended
        if state[0] != "Z":
            parents.setdefault(int(state[1]), []).append(int(entry.name))
    found, left = [], [process]
    while left:
        below = parents.get(left.pop(), [])
        found += below
        left += below
    return sorted(found)


def is_there(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Load:
    """Threads that go on calling `ask(client, number)` until `stop()`; what that returns is kept with its seconds."""

    def __init__(self, url, ask, threads=4, pause=0.0):
        self.url, self.ask, self.pause = url, ask, pause
        self.results, self.problems, self.ended = [], [], False
        self.threads = [threading.Thread(target=self.run, args=(i, threads), daemon=True) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, number, step):
        client = Client(self.url)
        while not self.ended:
            begin = time.monotonic()
            try:
                self.results.append((self.ask(client, number), time.monotonic() - begin))
            except Exception as error:  # any: the test shall hear of it
                self.problems.append(f"{type(error).__name__}: {error}")
                client.close()
                client = Client(self.url)
            number += step
            time.sleep(self.pause)
        client.close()

    def wait_for(self, n):
        """Until so many more answers came."""
        before = len(self.results)
        wait_until(f"{n} answers; {self.problems[:3]}", lambda: len(self.results) - before >= n)

    def stop(self):
        self.ended = True
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a client hangs"
        return [result for result, _ in self.results]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True


def moody(name="moody", python=sys.executable, **other):
    """A model of moody.py."""
    return {"name": name, "command": [python, str(HERE / "moody.py")]} | other


def do(what="", x=1.0):
    return [{"do": what, "x": x}]


def run_check(check, folder):
    """'ok', why it was skipped, or what is wrong."""
    begin = time.monotonic()
    try:
        why = check(folder)
        verdict = f"skipped: {why}" if why else "ok"
    except Exception:  # any: the others shall be heard
        log = folder / "server.err"
        verdict = f"FAILED: {traceback.format_exc(limit=-3)}"
        verdict += f"the server's last words: {log.read_text(errors='replace')[-1500:]}" if log.exists() else ""
    print(f"{check.__name__:24}{time.monotonic() - begin:6.2f} s  {verdict}", flush=True)
    return verdict


def run_checks(checks, at_once=1):
    """Each gets a folder of its own, which is not there yet; the exit code. With arguments: only those so named."""
    global OCKHAM  # pylint: disable=global-statement
    OCKHAM, scratch, only = os.environ["OCKHAM"], pathlib.Path(os.environ["SCRATCH"]), sys.argv[1:]
    checks = [check for check in checks if not only or check.__name__ in only]
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        verdicts = list(pool.map(lambda check: run_check(check, scratch / check.__name__), checks))
    n_failed = sum(verdict.startswith("FAILED") for verdict in verdicts)
    print(f"{len(checks)} checks, {n_failed} failed, {sum(verdict.startswith('skipped') for verdict in verdicts)} skipped")
    return 1 if n_failed or not checks else 0
