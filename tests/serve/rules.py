# SPDX-License-Identifier: Apache-2.0
"""How rules of a protocol are written down as data: what is asked, what must be answered, and how the two are compared.
Only the standard library."""
import dataclasses
import gzip
import http.client
import json
import re
import struct
import urllib.parse

# ---- patterns: what a value must be like ----


@dataclasses.dataclass(frozen=True)
class Text:
    """A string in which the regular expression is found."""
    pattern: str = ""


@dataclasses.dataclass(frozen=True)
class Near:
    """A number, up to a relative (and, near 0, absolute) 1e-6."""
    value: float


@dataclasses.dataclass(frozen=True)
class Each:
    """A list, each element of which is like that."""
    pattern: object
    least: int = 0


@dataclasses.dataclass(frozen=True)
class Has:
    """A list with at least these elements, in any order."""
    elements: tuple


@dataclasses.dataclass(frozen=True)
class OneOf:
    values: tuple


NUMBER, ANY, ABSENT = object(), object(), object()
TYPES = {str: "a string", int: "an integer", float: "a number", bool: "a boolean", dict: "an object", list: "a list"}


def is_type(value, kind):
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def differences(pattern, value, path="body"):
    """Yield a line for each way in which the value is not what the pattern says."""
    short = json.dumps(value, default=repr)[:120]
    if pattern is ANY:
        return
    if pattern is NUMBER:
        if not (is_type(value, int) or is_type(value, float)):
            yield f"{path}: expected a number, found {short}"
    elif isinstance(pattern, type):
        if not is_type(value, pattern):
            yield f"{path}: expected {TYPES[pattern]}, found {short}"
    elif isinstance(pattern, Text):
        if not isinstance(value, str) or not re.search(pattern.pattern, value, re.S):
            yield f"{path}: expected text with /{pattern.pattern}/, found {short}"
    elif isinstance(pattern, Near):
        if not (is_type(value, int) or is_type(value, float)) or \
                abs(value - pattern.value) > 1e-6 * max(1, abs(pattern.value)):
            yield f"{path}: expected about {pattern.value}, found {short}"
    elif isinstance(pattern, OneOf):
        if not any(not list(differences(one, value)) for one in pattern.values):
            yield f"{path}: expected one of {pattern.values}, found {short}"
    elif isinstance(pattern, Each):
        yield from each_difference(pattern, value, path, short)
    elif isinstance(pattern, Has):
        if not isinstance(value, list):
            yield f"{path}: expected a list, found {short}"
        else:
            for element in pattern.elements:
                if not any(not list(differences(element, v)) for v in value):
                    yield f"{path}: expected {element!r} in it, found {short}"
    elif isinstance(pattern, dict):
        yield from object_differences(pattern, value, path, short)
    elif isinstance(pattern, list):
        if not isinstance(value, list) or len(value) != len(pattern):
            yield f"{path}: expected a list of {len(pattern)}, found {short}"
        else:
            for i, (one, v) in enumerate(zip(pattern, value)):
                yield from differences(one, v, f"{path}[{i}]")
    elif value != pattern or isinstance(value, bool) != isinstance(pattern, bool):
        yield f"{path}: expected {json.dumps(pattern, default=repr)[:120]}, found {short}"


def each_difference(pattern, value, path, short):
    if not isinstance(value, list) or len(value) < pattern.least:
        yield f"{path}: expected a list of at least {pattern.least}, found {short}"
        return
    for i, v in enumerate(value):
        yield from differences(pattern.pattern, v, f"{path}[{i}]")


def object_differences(pattern, value, path, short):
    """Keys that end in "?" may be absent; others that the pattern does not name may be there."""
    if not isinstance(value, dict):
        yield f"{path}: expected an object, found {short}"
        return
    for key, wanted in pattern.items():
        name = key.rstrip("?")
        if wanted is ABSENT:
            if name in value:
                yield f"{path}.{name}: expected none, found {json.dumps(value[name])[:120]}"
        elif name in value:
            yield from differences(wanted, value[name], f"{path}.{name}")
        elif not key.endswith("?"):
            yield f"{path}: expected a '{name}', found {short}"


# ---- tensors ----

STRUCT = {"BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h", "INT32": "i",
          "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d"}


def pack(datatype, values):
    """As the binary tensor extension has it."""
    if datatype == "BYTES":
        texts = [v.encode() if isinstance(v, str) else v for v in values]
        return b"".join(struct.pack("<I", len(t)) + t for t in texts)
    if datatype == "BF16":  # the upper half of a float32
        return b"".join(struct.pack("<f", v)[2:] for v in values)
    return struct.pack(f"<{len(values)}{STRUCT[datatype]}", *values)


def unpack(datatype, data):
    if datatype == "BYTES":
        values, at = [], 0
        while at < len(data):
            (size,) = struct.unpack_from("<I", data, at)
            values.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        return values
    if datatype == "BF16":
        return [struct.unpack("<f", b"\0\0" + data[i : i + 2])[0] for i in range(0, len(data), 2)]
    return list(struct.unpack(f"<{len(data) // struct.calcsize(STRUCT[datatype])}{STRUCT[datatype]}", data))


# ---- requests and answers ----


@dataclasses.dataclass
class Ask:
    method: str
    path: str
    body: object = None  # bytes go as they are, anything else as JSON
    headers: dict = dataclasses.field(default_factory=dict)
    admin: bool = False


@dataclasses.dataclass
class Want:
    """What is not given is not looked at."""
    status: object = 200
    json: object = None
    headers: dict = dataclasses.field(default_factory=dict)
    text: str = None      # a regular expression that is found in the body
    tensors: dict = None  # by name: the values of outputs that must have come as binary data
    empty: bool = False


@dataclasses.dataclass
class Rule:
    id: str
    source: str           # section of the document that says it; "Ockham": our own
    says: str
    steps: list           # of (Ask, Want)
    decision: str = ""    # where the source is silent, unclear or contradicts itself
    across: object = None # function of all answers: a line when something is wrong, else None
    needs: str = ""       # a further model or port that it needs: "echo", "mixture", "admin"
    section: str = ""


@dataclasses.dataclass
class Reply:
    status: int
    headers: dict  # names in lower case
    body: bytes

    def json_size(self):
        return int(self.headers.get("inference-header-content-length", len(self.body)))

    def json(self):
        return json.loads(self.body[: self.json_size()])

    def tensors(self):
        """Binary outputs by name; raises ValueError where sizes do not fit."""
        found, at = {}, self.json_size()
        for output in self.json()["outputs"]:
            size = output.get("parameters", {}).get("binary_data_size")
            if size is None:
                continue
            if "data" in output:
                raise ValueError(f"{output['name']} has both data and binary_data_size")
            found[output["name"]] = unpack(output["datatype"], self.body[at : at + size])
            at += size
        if at != len(self.body):
            raise ValueError(f"binary sizes add up to {at} of {len(self.body)} bytes")
        return found


def send(base, ask, timeout=20):
    place = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=timeout)
    body, headers = ask.body, dict(ask.headers)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    try:
        connection.putrequest(ask.method, ask.path, skip_accept_encoding=True)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        names = {name.lower(): value for name, value in answer.getheaders()}
        if names.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return Reply(answer.status, names, content)
    finally:
        connection.close()


def complaints(want, reply):
    """Yield a line for each way in which the reply is not as wanted."""
    wanted = want.status if isinstance(want.status, tuple) else (want.status,)
    if reply.status not in wanted:
        yield f"status: expected {' or '.join(map(str, wanted))}, found {reply.status} {reply.body[:160]!r}"
        return
    for name, pattern in want.headers.items():
        found = reply.headers.get(name.lower())
        if pattern is ABSENT:
            if found is not None:
                yield f"header {name}: expected none, found '{found}'"
        elif found is None:
            yield f"header {name}: expected, found none"
        else:
            yield from differences(pattern, found, f"header {name}")
    if want.empty and reply.body:
        yield f"body: expected none, found {reply.body[:120]!r}"
    if want.text is not None and not re.search(want.text, reply.body.decode("utf-8", "replace"), re.S):
        yield f"body: expected text with /{want.text}/, found {reply.body[:200]!r}"
    try:
        if want.json is not None:
            yield from differences(want.json, reply.json())
        if want.tensors is not None:
            found = {name: [v.decode("latin-1") if isinstance(v, bytes) else v for v in values]
                     for name, values in reply.tensors().items()}
            yield from differences(want.tensors, found, "tensors")
    except (ValueError, KeyError, TypeError, struct.error) as error:
        yield f"body: {type(error).__name__} {error}: {reply.body[:160]!r}"
