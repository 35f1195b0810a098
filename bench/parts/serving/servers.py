# SPDX-License-Identifier: Apache-2.0
"""Who serves the model, how each is started and asked: a table; and what its processes use."""
import dataclasses
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[2] / "build"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Body:
    path: str        # of the URL
    content: bytes
    headers: dict
    read: object     # function of (answer's bytes, its headers) giving the clusters


@dataclasses.dataclass
class Kind:
    """A server. command(folder, port) starts it; bodies gives for "JSON" and "binary" a function of a table of rows."""
    name: str
    venv: str        # "" : none of its own
    command: object
    bodies: dict
    environment: dict = dataclasses.field(default_factory=dict)
    ours: bool = False


JSON = {"Content-Type": "application/json"}


# ---- the same rows in everybody's form ----


def oip(path, output):
    def body(rows):
        head = {"inputs": [{"name": "x", "shape": list(rows.shape), "datatype": "FP64", "data": rows.ravel().tolist()}],
                "outputs": [{"name": output}]}
        return Body(path, json.dumps(head).encode(), JSON, lambda answer, _: json.loads(answer)["outputs"][0]["data"])
    return body


def oip_binary(path, output):
    def body(rows):
        head = json.dumps({"inputs": [{"name": "x", "shape": list(rows.shape), "datatype": "FP64", "parameters": {"binary_data_size": rows.nbytes}}],
                           "outputs": [{"name": output, "parameters": {"binary_data": True}}]}).encode()
        return Body(path, head + rows.tobytes(), {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))},
                    lambda answer, headers: unpack(answer[int(headers["Inference-Header-Content-Length"]) :]))
    return body


def plain(path, key, read):
    return lambda rows: Body(path, json.dumps({key: rows.tolist()}).encode(), JSON, lambda answer, _: read(json.loads(answer)))


def raw(path):
    return lambda rows: Body(path, rows.tobytes(), {"Content-Type": "application/octet-stream"}, lambda answer, _: unpack(answer))


def unpack(data):
    return list(struct.unpack(f"<{len(data) // 8}q", data))


# ---- the servers ----


def uvicorn(workers):
    def command(folder, port):
        return ["uvicorn", "--app-dir", str(HERE), "--port", str(port), "--workers", str(workers), "--no-access-log", "--log-level", "warning",
                "fastapi_app:app"]
    return command


def mlserver(parallel):
    def command(folder, port):
        home = folder / f"mlserver-{parallel}"
        home.mkdir(exist_ok=True)
        (home / "settings.json").write_text(json.dumps({"debug": False, "http_port": port, "grpc_port": free_port(), "metrics_port": free_port(),
                                                        "parallel_workers": parallel, "host": "127.0.0.1"}))
        (home / "model-settings.json").write_text(json.dumps({"name": "blobs", "implementation": "mlserver_sklearn.SKLearnModel",
                                                              "parameters": {"uri": str(folder / "model.joblib"), "version": "1"}}))
        return ["mlserver", "start", str(home)]
    return command


def bentoml(folder, port):
    return ["bentoml", "serve", "bento_app:Clusters", "--port", str(port), "--host", "127.0.0.1", "--working-dir", str(HERE)]


def ockham(model, record=True):
    def command(folder, port):
        home = folder / f"ockham-{free_port()}"
        home.mkdir()
        (home / "ockham.yaml").write_text(f"listen: 127.0.0.1:{port}\nadmin: none\nfolder: {home}/data\n"
                                          + ("" if record else "record: no\n") + f"models:\n- name: blobs\n{model(folder)}")
        return [os.environ["OCKHAM"], "serve", str(home / "ockham.yaml")]
    return command


def fitted(folder):
    return f"  file: {folder}/blobs.ock\n"


def python_worker(count):
    return lambda folder: (f"  command: [{sys.executable}, {HERE}/worker.py]\n  workers: {count}\n  environment: {{MODEL: {folder}/model.joblib}}\n")


OURS = {"JSON": oip("/v2/models/blobs/infer", "cluster"), "binary": oip_binary("/v2/models/blobs/infer", "cluster")}
FASTAPI = {"JSON": plain("/predict", "instances", lambda a: a["cluster"]), "binary": raw("/raw")}
MLSERVER = {"JSON": oip("/v2/models/blobs/infer", "predict")}
BENTOML = {"JSON": plain("/predict", "x", list)}
KINDS = [
    Kind("ockham, fitted model", "", ockham(fitted), OURS, ours=True),
    Kind("ockham, fitted model, no recorder", "", ockham(fitted, False), OURS, ours=True),
    Kind("ockham, Python worker", "", ockham(python_worker(1)), OURS, ours=True),
    Kind("FastAPI", "fastapi", uvicorn(1), FASTAPI),
    Kind("FastAPI, 2 processes", "fastapi", uvicorn(2), FASTAPI),
    Kind("MLServer", "mlserver", mlserver(1), MLSERVER),
    Kind("MLServer, no worker", "mlserver", mlserver(0), MLSERVER),
    Kind("BentoML", "bentoml", bentoml, BENTOML, {"WORKERS": "1"}),
]


# ---- their venvs ----


def install(venv):
    """The folder of a peer's programs, or why there is none."""
    wanted = HERE / f"requirements-{venv}.txt"
    home = pathlib.Path(os.environ.get("PEERS", BUILD)) / f"bench-venv-serve-{venv}"
    stamp = home / "installed"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        for command in ([sys.executable, "-m", "venv", str(home)], [str(home / "bin/pip"), "install", "--quiet", "-r", str(wanted)]):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                return None, f"cannot be installed: {(done.stderr.strip().splitlines() or ['?'])[-1][:200]}"
        stamp.write_text(wanted.read_text())
    return home / "bin", ""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- one that runs ----


class Server:
    def __init__(self, kind, folder, programs):
        self.kind, self.port = kind, free_port()
        command = kind.command(folder, self.port)
        if programs:
            command[0] = str(programs / command[0])
        environment = os.environ | {"MODEL": str(folder / "model.joblib"), "PYTHONDONTWRITEBYTECODE": "1", "BENTOML_DO_NOT_TRACK": "True",
                                    "DO_NOT_TRACK": "1"} | kind.environment
        if programs:
            environment["PATH"] = f"{programs}:{environment['PATH']}"
        self.log = open(folder / "log", "w+")
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=folder, env=environment, start_new_session=True)

    def ask(self, body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{body.path}", body.content, body.headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return body.read(answer.read(), answer.headers)

    def wait(self, body, seconds=90):
        """The answer to the first request, and after how long it came."""
        while time.monotonic() - self.started < seconds:
            if self.process.poll() is not None:
                break
            try:
                return self.ask(body), time.monotonic() - self.started
            except (OSError, urllib.error.HTTPError) as error:
                last = error
                time.sleep(0.005)
        self.log.seek(0)
        raise RuntimeError(f"{self.kind.name} did not start ({last}): {self.log.read()[-800:]}")

    def processes(self):
        """Its process and all below."""
        children = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    stat = pathlib.Path(f"/proc/{entry}/stat").read_text()
                except OSError:
                    continue
                children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def memory_mib(self):
        """Resident memory, summed over the processes; and with what they share counted once (PSS)."""
        rss = pss = 0
        for pid in self.processes():
            try:
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    rss += int(line.split()[1]) if line.startswith("Rss:") else 0
                    pss += int(line.split()[1]) if line.startswith("Pss:") else 0
            except OSError:
                continue
        return rss / 1024, pss / 1024

    def cpu_seconds(self):
        total = 0
        for pid in self.processes():
            try:
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def stop(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                pass
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                continue
        self.log.close()
