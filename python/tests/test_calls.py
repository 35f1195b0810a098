# SPDX-License-Identifier: Apache-2.0
"""Long calls tell their progress, stop on Ctrl-C, let other threads run, and give the same bits for any number of them.

Times here are only limits that a hanging call exceeds; bench/python.md has measured ones."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from conftest import make_blobs

import ockham

LARGE = np.random.default_rng(0).normal(size=(60_000, 12)).astype(np.float32)
SMALL = LARGE[:6000, :3]


def interrupt_after(seconds):
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer


ENDLESS = {"restarts": 10**9}


@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.8])
def test_ctrl_c(seconds):
    handler = signal.getsignal(signal.SIGINT)
    timer = interrupt_after(seconds)
    with pytest.raises(KeyboardInterrupt):
        ockham.clusters(LARGE, **ENDLESS)
    timer.join()
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_with_a_handler_that_does_not_raise():
    noted = []
    old = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        timer = interrupt_after(0.05)
        c = ockham.clusters(SMALL, k_max=8)
        timer.join()
    finally:
        signal.signal(signal.SIGINT, old)
    assert noted == [signal.SIGINT] and not c.partial


def test_other_signals_raise_what_they_raise():
    def fail(number, frame):
        raise TimeoutError("too long")

    old = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(TimeoutError, match="too long"):
            ockham.clusters(LARGE, **ENDLESS)
    finally:
        signal.signal(signal.SIGALRM, old)


def test_nothing_is_printed_on_ctrl_c():
    script = (
        "import os, signal, threading, numpy, ockham\n"
        "x = numpy.random.default_rng(0).normal(size=(60_000, 12))\n"
        "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n    ockham.clusters(x, restarts=10**9)\nexcept KeyboardInterrupt:\n    print('stopped')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("stopped\n", "")


def test_progress_is_told():
    told = []
    ockham.clusters(SMALL, k_max=12, progress=lambda *args: told.append(args))
    assert {"k-means", "mixtures"} <= {stage for stage, _, _ in told}
    assert all(total == 0 or 0 <= done <= total for _, done, total in told)


def test_progress_stops():
    c = ockham.clusters(LARGE, progress=lambda stage, done, total: stage != "mixtures")
    assert c.partial and "partial" in c.why and len(c.curve["k"]) > 2
    with pytest.raises(ockham.Stopped):
        ockham.clusters(LARGE, progress=lambda *args: np.False_, **ENDLESS)


def test_what_progress_raises_arrives():
    def fail(stage, done, total):
        raise LookupError(stage)

    with pytest.raises(LookupError):
        ockham.clusters(LARGE, progress=fail, **ENDLESS)


def test_bar(capfd):
    ockham.clusters(SMALL, k_max=12, progress=True)
    told = capfd.readouterr().err
    assert "k-means" in told and "mixtures" in told


def test_other_threads_run_meanwhile():
    ticks, ends = [], threading.Event()

    def tick():
        while not ends.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.002)

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.monotonic()
    ockham.clusters(SMALL, k_max=10, threads=1)
    end = time.monotonic()
    ends.set()
    thread.join()
    assert sum(start < t < end for t in ticks) > 20 * (end - start)


def test_calls_from_several_threads():
    x = make_blobs(5, rows_each=400)
    expected, found = ockham.clusters(x).labels, []
    threads = [threading.Thread(target=lambda: found.append(ockham.clusters(x, threads=1).labels)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(np.array_equal(labels, expected) for labels in found)


def test_same_bits_for_any_number_of_threads():
    one, two, five = (ockham.clusters(SMALL, k_max=8, threads=n) for n in (1, 2, 5))
    for other in (two, five):
        assert np.array_equal(one.labels, other.labels) and np.array_equal(one.centers, other.centers)
        assert all(np.array_equal(one.curve[name], other.curve[name], equal_nan=True) for name in one.curve)


def test_threads_by_default(monkeypatch):
    from ockham._calls import count_threads

    monkeypatch.setenv("OMP_NUM_THREADS", "3,2")
    assert count_threads(None) == 3 and count_threads(7) == 7
    monkeypatch.setenv("OMP_NUM_THREADS", "99999")
    assert count_threads(None) == 1024
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert count_threads(None) == len(os.sched_getaffinity(0))


def test_after_fork():
    x = make_blobs(3)
    expected = ockham.clusters(x).k
    child = os.fork()
    if child == 0:
        os._exit(0 if ockham.clusters(x).k == expected else 1)
    assert os.waitpid(child, 0)[1] == 0
