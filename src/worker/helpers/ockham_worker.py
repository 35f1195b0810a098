# SPDX-License-Identifier: Apache-2.0
"""A worker of `ockham serve` in Python, with nothing but the standard library:

    import ockham_worker
    def predict(x):            # one argument for each input, by its name
        return {"y": [sum(row) for row in x]}
    ockham_worker.serve(predict, inputs=[("x", "FP64", [-1, 4])], outputs=[("y", "FP64", [-1])])

Inputs are numpy arrays where numpy is installed (or passed as numpy=...), else nested lists; BYTES are bytes objects,
BF16 unsigned integers: the upper halves of float32.
predict returns a dict by output names, or the one output. ValueError refuses the request (HTTP 400), any other exception
fails it (500), with the traceback in the log; what is printed goes there too. Protocol: docs/workers.md.
"""
import json
import os
import struct
import sys
import traceback

try:
    import numpy
except ImportError:
    numpy = None

HELLO, INFER, RESULT, ERROR, PING, PONG, SHUTDOWN = range(1, 8)
_CODES = {"BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h",
          "INT32": "i", "INT64": "q", "FP16": "e", "BF16": "H", "FP32": "f", "FP64": "d"}


def _nest(flat, shape):
    """A flat list as nested ones, the first dimension outside."""
    for size in reversed(shape[1:]):
        flat = [flat[i:i + size] for i in range(0, len(flat), size)] if size else [[]]
    return flat if flat and all(shape) else [[] for _ in range(shape[0])] if len(shape) > 1 else []


def _flatten(value):
    """(shape, flat list) of nested lists; a bare number is one row."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return [1], [value]
    shape, flat = [len(value)], list(value)
    while flat and isinstance(flat[0], (list, tuple)):
        if any(len(item) != len(flat[0]) for item in flat):
            raise TypeError("an output has rows of different lengths")
        shape.append(len(flat[0]))
        flat = [item for row in flat for item in row]
    return shape, flat


def _unpack(tensor, data):
    datatype, shape = tensor["datatype"], tensor["shape"]
    if datatype == "BYTES":
        flat, at = [], 0
        while at < len(data):
            size = struct.unpack_from("<I", data, at)[0]
            flat.append(bytes(data[at + 4:at + 4 + size]))
            at += 4 + size
        return numpy.array(flat, object).reshape(shape) if numpy else _nest(flat, shape)
    if datatype not in _CODES:
        raise ValueError("datatype %s is not known to this worker" % datatype)
    if numpy:
        return numpy.frombuffer(data, numpy.dtype(_CODES[datatype]).newbyteorder("<")).reshape(shape)
    return _nest(list(struct.unpack("<%d%s" % (len(data) // struct.calcsize(_CODES[datatype]), _CODES[datatype]), data)),
                 shape)


def _pack(value, datatype):
    """(shape, bytes) of an output."""
    if numpy and datatype != "BYTES":
        array = numpy.ascontiguousarray(value, numpy.dtype(_CODES[datatype]).newbyteorder("<"))
        return list(array.shape) or [1], array.tobytes()
    shape, flat = _flatten(value)
    if datatype != "BYTES":
        return shape, struct.pack("<%d%s" % (len(flat), _CODES[datatype]), *flat)
    flat = [item.encode() if isinstance(item, str) else item for item in flat]
    return shape, b"".join(struct.pack("<I", len(item)) + item for item in flat)


def _answer(predict, payload, outputs):
    size = struct.unpack_from("<I", payload)[0]
    request, at, inputs = json.loads(payload[4:4 + size]), 4 + size, {}
    for tensor in request["inputs"]:
        end = at + tensor["parameters"]["binary_data_size"]
        inputs[tensor["name"]] = _unpack(tensor, payload[at:end])
        at = end
    result = predict(**inputs)
    if not isinstance(result, dict):
        result = {outputs[0][0]: result}
    tensors, data = [], []
    for name, datatype, _ in outputs:
        if name in result:
            shape, packed = _pack(result[name], datatype)
            tensors.append({"name": name, "datatype": datatype, "shape": shape,
                            "parameters": {"binary_data_size": len(packed)}})
            data.append(packed)
    text = json.dumps({"outputs": tensors}).encode()
    return struct.pack("<I", len(text)) + text + b"".join(data)


def _error(error, status):
    return json.dumps({"error": "%s: %s" % (type(error).__name__, error) if status != 400 else str(error),
                       "status": status}).encode()


def serve(predict, inputs, outputs, columns=None, name=None):
    """Answer requests until the server ends this process. inputs, outputs: lists of (name, datatype, shape), where -1 in a
    shape is any size; columns: the names of the columns of a single input, so that rows can be sent as objects or CSV."""
    if "OCKHAM_IN" not in os.environ:
        sys.exit("this program is a worker: `ockham serve` starts it")
    source = os.fdopen(int(os.environ["OCKHAM_IN"]), "rb")
    sink = os.fdopen(int(os.environ["OCKHAM_OUT"]), "wb", 0)
    for descriptor in (source, sink):
        os.set_inheritable(descriptor.fileno(), False)  # what predict starts shall not have them
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)

    def send(kind, frame_id, payload=b""):
        frame = memoryview(struct.pack("<4sHHII", b"OCK\1", kind, 0, len(payload), frame_id) + payload)
        while frame:
            frame = frame[sink.write(frame):]

    def fields(tensors):
        return [{"name": n, "datatype": d, "shape": list(s)} for n, d, s in tensors]

    hello = {"inputs": fields(inputs), "outputs": fields(outputs)}
    hello.update({key: value for key, value in (("columns", columns), ("name", name)) if value})
    send(HELLO, 0, json.dumps(hello).encode())
    while True:
        header = source.read(16)
        if len(header) < 16:
            return
        _, kind, _, length, frame_id = struct.unpack("<4sHHII", header)
        payload = source.read(length)
        if kind == INFER:
            try:
                reply = RESULT, frame_id, _answer(predict, payload, outputs)
            except ValueError as error:
                reply = ERROR, frame_id, _error(error, 400)
            except Exception as error:  # pylint: disable=broad-except
                traceback.print_exc()
                reply = ERROR, frame_id, _error(error, 500)
            send(*reply)
        elif kind == PING:
            send(PONG, frame_id)
        elif kind == SHUTDOWN:
            return
