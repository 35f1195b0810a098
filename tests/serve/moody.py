# SPDX-License-Identifier: Apache-2.0
"""A worker that does what a request says: `do` is empty or one of the functions below, and y = x * $FACTOR. $START and $EVERY
are done at its start, and on every request."""
import os
import signal
import sys
import time

sys.modules["numpy"] = None  # it would take longer to start
import ockham_worker  # noqa: E402

FACTOR = float(os.environ.get("FACTOR", "1"))


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def die_while(path):
    if os.path.exists(path):
        die("")


def hang(_):
    time.sleep(3600)


def sleep(seconds):
    time.sleep(float(seconds))


def eat(_):
    held = []
    while True:
        held.append(bytearray(os.urandom(1)) * (16 << 20))


def flood(_):
    for _ in range(400):
        os.write(2, b"x" * 16000 + b"\n" + bytes(range(256)) * 64)


def garbage(_):
    os.write(int(os.environ["OCKHAM_OUT"]), b"this is no frame" * 100)
    time.sleep(3600)


def bite(_):
    """One byte of a frame, and then nothing."""
    os.write(int(os.environ["OCKHAM_OUT"]), b"O")
    time.sleep(3600)


def fork(_):
    for _ in range(1000):
        try:
            if os.fork() == 0:
                time.sleep(3600)
        except OSError:
            raise RuntimeError("no more processes") from None


def fail(_):
    raise RuntimeError("as it was told to")


def talk(text):
    print("said on standard output:", text)


ACTIONS = {action.__name__: action for action in (die, die_while, hang, sleep, eat, flood, garbage, bite, fork, fail, talk)}


def predict(**inputs):
    for what in (os.environ.get("EVERY", "").encode(), *inputs["do"]):
        name, _, value = what.decode().partition(":")
        if name:
            ACTIONS[name](value)
    return {"y": [x * FACTOR for x in inputs["x"]], "process": [os.getpid()] * len(inputs["x"])}


if "START" in os.environ:
    ACTIONS[os.environ["START"]]("")
ockham_worker.serve(predict, [("do", "BYTES", [-1]), ("x", "FP64", [-1])], [("y", "FP64", [-1]), ("process", "INT64", [-1])])
