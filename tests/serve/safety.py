# SPDX-License-Identifier: Apache-2.0
"""Tokens, origins, sockets, TLS, what is kept and what never is: run by test_safety.sh."""
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import stat
import struct
import subprocess
import sys

import life
from fixtures import Fitted, binary
from life import Client, Server, do, moody
from raw import Wire, chunked, request
from rules import pack

SCRATCH = pathlib.Path(os.environ["SCRATCH"])
PEOPLE = Fitted("people", SCRATCH / "centroids.csv")
FITTED = {"name": "people", "file": str(SCRATCH / "people.ock")}
ROW = PEOPLE.records(PEOPLE.rows(1))
TOKEN = "a-long-and-secret-token-1234"
ADMIN_ROUTES = (("GET", "/metrics"), ("GET", "/admin/requests"), ("GET", "/admin/requests/1"), ("GET", "/admin/events"), ("GET", "/admin/state"),
                ("GET", "/admin/history"), ("GET", "/admin/stream"), ("POST", "/v2/repository/models/people/load"),
                ("POST", "/v2/repository/models/people/unload"))


def token_file(folder):
    folder.mkdir()
    file = folder / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    return str(file)


# ---- who may ----


def token(folder):
    """Everything of the admin port needs it, as a header or as the cookie of a login; whatever comes close is refused."""
    wrong = ("", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "a-long-and-secret-token-1235")
    with Server(folder, [FITTED], token_file=token_file(folder)) as server, Client(server.admin) as client:
        for method, path in ADMIN_ROUTES + (("POST", "/m/people"), ("GET", "/v2/models/people"), ("POST", "/v2/repository/index")):
            answer = client.ask(method, path, ROW if path == "/m/people" else None)
            assert answer.status == 401 and answer.headers["www-authenticate"] == "Bearer", (path, answer)
            client.close()
        for bad in wrong:
            for headers in ({"Authorization": f"Bearer {bad}"}, {"Cookie": f"ockham_token={bad}"}, {"Authorization": f"Basic {TOKEN}"}):
                assert client.get("/admin/state", **headers).status == 401, headers
                client.close()
            answer = client.post("/admin/login", bad)
            assert answer.status == 401 and "set-cookie" not in answer.headers, answer
            client.close()
        assert client.get("/admin/state", Authorization=f"Bearer {TOKEN}").status == 200
        login = client.post("/admin/login", TOKEN)
        cookie = login.headers["set-cookie"]
        assert login.status == 204 and {"HttpOnly", "SameSite=Strict"} <= set(cookie.split("; ")), login.headers
        assert client.get("/metrics", Cookie=cookie.split(";")[0]).status == 200
        assert client.get("/v2/health/live").status == 200 and client.get("/").status == 200
        assert TOKEN.encode() not in client.get("/").body
        assert client.get("/admin/state").status == 401


def apart(folder):
    """The data port has nothing of the admin port, token or not."""
    with Server(folder, [FITTED], token_file=token_file(folder)) as server, server.client() as client:
        for method, path in ADMIN_ROUTES + (("POST", "/admin/login"),):
            for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}):
                answer = client.ask(method, path, **headers)
                assert answer.status == 404, (path, answer)
                client.close()
        assert client.post("/m/people", ROW).status == 200


def other_sites(folder):
    """A page of another site, or a name that was made to point here, reaches nothing; the console's own requests do."""
    with Server(folder, [FITTED]) as server, Client(server.admin) as client:
        place = client.place
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": f"http://{place}.evil.example"},
                        {"Origin": f"https://evil.example/{place}"}, {"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example"},
                        {"Host": f"localhost.evil.example:{place}"}):
            for method, path in ADMIN_ROUTES + (("GET", "/"),):
                assert client.ask(method, path, **headers).status == 403, (headers, path)
                client.close()
        for headers in ({"Origin": f"http://{place}"}, {"Host": "localhost"}, {"Host": "localhost:1"}, {"Host": "[::1]:8081"}):
            assert client.get("/admin/state", **headers).status == 200, headers
        assert client.get("/").headers["x-frame-options"] == "DENY"


def listening(process):
    """Addresses in hexadecimal, of the TCP sockets that a process listens on."""
    inodes = set()
    for entry in pathlib.Path(f"/proc/{process}/fd").iterdir():
        target = os.readlink(entry)
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    lines = [line.split() for name in ("tcp", "tcp6") for line in pathlib.Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {line[1] for line in lines if line[3] == "0A" and line[9] in inodes}


def loopback(folder):
    """Unless told otherwise only this machine is answered; to others the admin port opens with a token only."""
    folder.mkdir()
    process = subprocess.Popen([life.OCKHAM, "serve", FITTED["file"], "--folder", str(folder / "data")], stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        if "cannot listen" in line:
            return f"the usual ports are taken: {line.strip()}"
        assert listening(process.pid) == {"0100007F:1F90", "0100007F:1F91"}, (line, listening(process.pid))
    finally:
        process.kill()
        process.wait()
    for arguments in (("--admin", "0.0.0.0:0"), ("--admin", ":0")):
        done = subprocess.run([life.OCKHAM, "serve", FITTED["file"], "--check", *arguments], capture_output=True, text=True, timeout=life.PATIENCE)
        assert done.returncode and "token" in done.stderr, done
    public = folder / "token"
    public.write_text(TOKEN)
    public.chmod(0o644)
    done = subprocess.run([life.OCKHAM, "serve", FITTED["file"], "--check", "--token-file", str(public)], capture_output=True, text=True)
    assert done.returncode and str(public) in done.stderr, done


def unix_socket(folder):
    """For its owner only; it goes with the server; what is no socket is left alone."""
    folder.mkdir()
    path = folder / "admin.sock"
    old = os.umask(0)
    try:
        with Server(folder, [FITTED], admin=str(path)) as server:
            mode = path.stat().st_mode
            assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600, oct(mode)
            assert server.metric("model_ready", "people") == 1
            assert server.stop() == 0
        assert not path.exists()
        path.write_text("precious")
        done = subprocess.run([life.OCKHAM, "serve", str(folder / "ockham.yaml")], capture_output=True, text=True, timeout=life.PATIENCE)
        assert done.returncode and str(path) in done.stderr and path.read_text() == "precious", done
    finally:
        os.umask(old)


def tls(folder):
    """With a certificate: HTTPS, checked by the client; plain HTTP gets no answer. Admin has it where other machines reach it."""
    if not shutil.which("openssl"):
        return "there is no openssl"
    secret = token_file(folder)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    pair = {"certificate": str(certificate), "key": str(key)}
    with Server(folder, [FITTED, moody()], admin="0.0.0.0:0", token_file=secret, tls=pair) as server:
        assert server.url.startswith("https://") and server.admin.startswith("https://localhost:"), (server.url, server.admin)
        context = ssl.create_default_context(cafile=str(certificate))
        with Client(server.admin, tls=context) as client: # a token shall not be read on the way
            assert client.get("/metrics", Authorization=f"Bearer {TOKEN}").status == 200
        with server.client(tls=context) as client:
            for _ in range(3):
                assert client.post("/m/people", ROW).json()[0]["cluster"] == 0
            assert client.post("/m/moody", do("sleep:0.1", 3)).json()[0]["y"] == 3
            big = client.post("/v2/models/people/infer", PEOPLE.request(PEOPLE.rows(20000)))
            assert big.status == 200 and len(big.json()["outputs"][0]["data"]) == 20000
        try:
            server.client(tls=ssl.create_default_context()).get("/v2")
            raise AssertionError("a certificate that nobody vouches for was taken")
        except ssl.SSLCertVerificationError:
            pass
        with Wire(server.url.replace("https", "http")) as wire:
            try:
                answer = wire.send(request()).answer()
            except Exception:  # any: an alert is no answer
                answer = None
            assert answer is None, answer
        with server.client(tls=context) as client:
            assert client.post("/m/people", ROW).status == 200
        assert server.stop() == 0
        assert {r["status"] for r in server.requests()} == {200}


# ---- what is kept ----


def modes(folder):
    """What is recorded is its owner's alone, whatever the umask; an export too."""
    old = os.umask(0)
    try:
        with Server(folder, [FITTED, moody()], record={"sample": 1}) as server, server.client() as client:
            assert client.post("/m/people", ROW).status == 200 and client.post("/m/moody", do()).status == 200
            os.kill(server.workers()[0], signal.SIGKILL)
            life.wait_until("an event", lambda: server.events("death"))
            life.output("requests", server.recording, "--export", folder / "some.capture")
            for path in (server.recording, *server.recording.rglob("*"), folder / "some.capture"):
                mode = stat.S_IMODE(path.stat().st_mode)
                assert "helpers" in path.parts or mode == (0o700 if path.is_dir() else 0o600), (path, oct(mode))
    finally:
        os.umask(old)


NUMBER, TEXT = 73.0625478515625, "Zaphod-Beeblebrox"  # the number has the same digits as a float32
MARKERS = (b"73.0625478", TEXT.encode(), struct.pack("<d", NUMBER), struct.pack("<f", NUMBER), TEXT.encode("utf-16-le"))


def redacted_bodies():
    """(path, body, headers, whether it is answered) with the number in column weight."""
    height = 170.5
    row, other = {"height": height, "weight": NUMBER}, {"height": 1.0, "weight": 2.0}
    values = [height, NUMBER, 1.0, 2.0]

    def oip(data, **more):
        return {"inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP64", "data": data} | more]}

    def packed(datatype):
        data = pack(datatype, values)
        return binary({"inputs": [{"name": "x", "shape": [2, 2], "datatype": datatype, "parameters": {"binary_data_size": len(data)}}]}, data)

    csv = {"Content-Type": "text/csv"}
    yield "/m/people", [row, other], {}, True
    yield "/m/people", f"height,weight\n{height},{NUMBER}\n1,2\n", csv, True
    yield "/m/people", f"{json.dumps(row)}\n{json.dumps(other)}\n", {"Content-Type": "application/x-ndjson"}, True
    yield "/v1/models/people:predict", {"instances": [[height, NUMBER], [1, 2]]}, {}, True
    yield "/invocations?model=people", {"dataframe_split": {"columns": ["weight", "height"], "data": [[NUMBER, height]]}}, {}, True
    yield "/v2/models/people/infer", oip(values), {}, True
    yield "/v2/models/people/infer", oip([values[:2], values[2:]]), {}, True
    yield "/v2/models/people/infer", *packed("FP64"), True
    yield "/v2/models/people/infer", *packed("FP32"), True
    yield "/v2/models/people/infer", pack("FP64", values), {"Inference-Header-Content-Length": "0"}, True
    yield "/m/people", gzip.compress(json.dumps([row]).encode()), {"Content-Encoding": "gzip"}, True
    # what is refused
    yield "/m/people", [row, {"height": 1}], {}, False
    yield "/m/people", [{"height": "tall", "weight": NUMBER}], {}, False
    yield "/m/people", [{"height": height, "weight": f"{NUMBER}"}], {}, False
    yield "/m/people", [{"height": height, "weight": TEXT}], {}, False
    yield "/m/people", [{"height": height, "weight": {TEXT: NUMBER}}], {}, False
    yield "/m/people", [{"weight": NUMBER, "weihgt": TEXT, "height": 1}], {}, False
    yield "/m/people", f'[{{"height": 1, "weight": {NUMBER}x}}]', {}, False
    yield "/m/people", f'[{{"height": 1, "weight": {NUMBER}}}', {}, False
    yield "/m/people", f'[{{"weight": {NUMBER}, "height": ', {}, False
    yield "/m/people", f"height,weight\n1,{NUMBER},3\n", csv, False
    yield "/m/people", f"height,weight\n1,{TEXT}\n", csv, False
    yield "/m/people", f'height,weight\n1,"{NUMBER}\n', csv, False
    yield "/m/people", f"{NUMBER},{TEXT}\n1,2\n", csv, False
    yield "/m/people", f"<weight>{NUMBER}</weight>", {"Content-Type": "application/xml"}, False
    yield "/m/people", gzip.compress(json.dumps([row]).encode())[:-3], {"Content-Encoding": "gzip"}, False
    yield "/v1/models/people:predict", {"instances": [[height, NUMBER, 3]]}, {}, False
    yield "/v1/models/people:predict", {"instances": [[height, TEXT]]}, {}, False
    yield "/v2/models/people/infer", oip([height, NUMBER, 1]), {}, False
    for shape in ([4], [1, 4], [4, 1], [2, 2, 1], [1, 1, 4]):
        yield "/v2/models/people/infer", oip([1, 2, NUMBER, NUMBER], shape=shape), {}, False
    yield "/v2/models/people/infer", oip([height, TEXT, 1, 2]), {}, False
    yield "/v2/models/people/infer", oip(values, datatype="INT64"), {}, False
    yield "/v2/models/people/infer", oip(values, name=TEXT), {}, False
    yield "/v2/models/people/infer", oip(values) | {"outputs": [{"name": "ghost"}]}, {}, False
    yield "/v2/models/people/infer", packed("FP64")[0][:-1], packed("FP64")[1], False
    yield "/v2/models/people/infer", *packed("FP16"), True
    yield "/v2/models/ghost/infer", oip(values), {}, False
    yield "/m/moody", [{"do": TEXT, "x": 1}], {}, False  # an action that it does not have
    yield "/m/moody", [{"do": TEXT, "x": 1, "more": NUMBER}], {}, False
    yield "/m/moody", f"do,x\ntalk:{TEXT},1\n", csv, True
    yield "/m/people", [{"height": 1, "weight": 2, f"x'y{TEXT}": NUMBER}], {}, False
    yield "/m/people", [{"height": 1, f"weight'{TEXT}": 3}], {}, False


def redaction(folder):
    """A value of a redacted column is nowhere in what is kept: not as text, not as bytes, in whichever form and however it failed."""
    (folder / "recording").mkdir(0o700, parents=True)
    models = [FITTED | {"version": "1"}, FITTED | {"version": "2", "shadow": True}, moody()]
    with Server(folder, models, record={"sample": 1, "redact": ["weight", "do"]}, access_log=str(folder / "recording" / "access.log")) as server:
        n = n_answered = 0
        for path, body, headers, answered in redacted_bodies():
            with server.client() as client:
                answer = client.post(path, body, **headers)
            assert (answer.status == 200) == answered, (path, body, answer)
            n += 1
            n_answered += answered
        with Wire(server.url) as wire:  # the client leaves in the middle
            wire.send(request("POST", "/m/people", ["Content-Length: 500"], f'[{{"weight": {NUMBER}, '.encode()))
        life.wait_until("the entry", lambda: len(server.requests("--status", "499")) == 1)
        life.wait_until("the shadow", lambda: sum(server.metric(f"shadow_{what}_total", "people", "2") for what in ("compared", "dropped")) >= 12)
        assert server.metric("shadow_different_total", "people", "2") == 0, "a shadow gets the values"
        assert server.stop() == 0
        kept = [r for r in server.requests() if "shadow" not in r["marks"]]
        assert len(kept) == n + 1
        bodies = [r["request"] for r in kept if r["status"] == 200 and r["model"] == "people" and r.get("request")]
        assert len(bodies) >= 10 and any("170.5" in json.dumps(body) for body in bodies), "the other columns are kept"
        found = [(path.name, marker) for path in server.recording.rglob("*") if path.is_file() for marker in MARKERS if marker in path.read_bytes()]
        told = [r for r in kept if any(marker.decode("latin-1") in json.dumps(r) for marker in MARKERS[:2])]
        assert not found, (found, [(r["route"], r["status"], r["error"], r.get("request"), r.get("answer")) for r in told][:4])


# ---- limits ----


def redaction_misspelt(folder):
    """A column that no model has is told of at the start."""
    with Server(folder, [FITTED, moody()], record={"redact": ["weigth", "do"]}) as server:
        assert server.stop() == 0
        log = (folder / "server.err").read_text()
        assert "no model has a column 'weigth'" in log and "'do'" not in log, log


def limits(folder):
    """Bodies, headers and depth have ends, and the next request is served."""
    with Server(folder, [FITTED], body="64K") as server:
        def ask(*headers, path="/m/people", body=json.dumps(ROW).encode()):
            with Wire(server.url) as wire:
                answer = wire.send(request("POST", path, headers, body)).answer()
            return answer and answer[0]

        deep = b"[" * 1000 + b"]" * 1000
        assert ask(body=b" " * 70_000) == 413
        assert ask("Content-Encoding: gzip", body=gzip.compress(b" " * 10_000_000)) == 413
        assert ask("Transfer-Encoding: chunked", body=chunked(b" " * 80_000, 10_000)) == 413
        assert ask("X-Long: " + "x" * 60_000) in (413, 431)
        assert ask(path="/m/" + "x" * 60_000) in (404, 414, 431)
        assert ask(body=deep) == 400
        assert ask(path="/v2/models/people/infer", body=b'{"parameters": %s, "inputs": []}' % deep) == 400
        huge = {"inputs": [{"name": "x", "shape": [1 << 62, 4], "datatype": "FP64", "data": []}]}
        assert ask(path="/v2/models/people/infer", body=json.dumps(huge).encode()) == 400
        assert ask() == 200


def paths(folder):
    """No text of a request becomes part of a file's name."""
    folder.mkdir()
    (folder / "secret.ock").write_bytes((SCRATCH / "people.ock").read_bytes())
    names = ("../secret", "..%2fsecret", "%2e%2e%2fsecret", str(folder / "secret"), "secret.ock", "....//secret", "secret%00", "..\\secret",
             "people/../../secret", "%2fetc%2fpasswd", "people%2f..%2fpeople", "-", ".", "..", "~", "*", "people;id", "$(id)", "`id`", "|id")
    with Server(folder, [FITTED, moody()], record={"sample": 1}) as server:
        forms = [(server.url, form, "POST") for form in ("/v2/models/{}/infer", "/m/{}", "/v2/models/people/versions/{}/infer")]
        forms += [(server.admin, "/v2/repository/models/{}/load", "POST"), (server.admin, "/console/{}", "GET"),
                  (server.admin, "/admin/requests/{}", "GET"), (server.url, "/{}", "GET")]
        before = set(SCRATCH.rglob("*"))
        for name in names:
            for base, form, method in forms:
                headers = [f"Host: {base.split('//')[1]}", f"X-Request-Id: {name}", f"X-Unit-Key: {name}"]
                with Wire(base) as wire:
                    answer = wire.send(request(method, form.format(name), headers, json.dumps(ROW).encode(), host=False)).answer()
                assert answer and answer[0] in (400, 404, 405), (name, form, answer)
        with server.client() as client:
            assert client.post("/m/people", ROW, X_Request_Id="../../outside", X_Unit_Key="/tmp/key").status == 200
            assert client.post("/m/moody", do("", 2), X_Request_Id="../../outside2").status == 200
        assert server.stop() == 0
        new = set(SCRATCH.rglob("*")) - before
        assert all(path.parent == server.recording and re.fullmatch(r"requests-\d+\.seg|[a-z]+\.(db|sqlite)(-wal|-shm)?", path.name) for path in new), new


CHECKS = (token, apart, other_sites, loopback, unix_socket, tls, modes, redaction, redaction_misspelt, limits, paths)

if __name__ == "__main__":
    sys.exit(life.run_checks(CHECKS))
