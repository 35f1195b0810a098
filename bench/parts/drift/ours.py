# SPDX-License-Identifier: Apache-2.0
"""Ockham's monitor on the same streams, through watch.c. `python ours.py DETECTOR [REFERENCES]`; WATCH names the compiled program."""
import os
import subprocess
import sys
import time
import zlib

import numpy as np
import peers
import streams

RUN_LENGTH = 10_000
DETECTORS = ("ewma", "chi2", "ks", "wasserstein", "mmd", "page-hinkley", "adwin", "kswin", "cusum")


def pack(x, columns):
    x = np.ascontiguousarray(x, dtype=float)
    head = [len(x), x.shape[1]] if columns else [len(x)]
    return np.array(head, np.int64).tobytes() + x.tobytes()


def watch(family, reference, live, detector):
    """For each stream the rows of its alarms (of errors the first five, where there is more than one stream: to learn anew takes
    long); and what the first line says."""
    errors = streams.FAMILIES[family].errors
    command = [os.environ["WATCH"], "errors", str(RUN_LENGTH), "1000000" if len(live) == 1 else "5"] if errors else [os.environ["WATCH"], "rows", detector, str(RUN_LENGTH), clusters_of(family, reference)]
    sent = pack(reference, not errors) + b"".join(pack(x, False) for x in live)
    done = subprocess.run(command, input=sent, capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode().strip())
    lines = done.stdout.decode().split("\n")
    if not errors:
        clusters_path(family, reference).parent.mkdir(exist_ok=True)
        clusters_path(family, reference).write_text(lines[0].split()[0])
    return [[int(v) for v in line.split()] for line in lines[1 : len(live) + 1]], lines[0]


def clusters_of(family, reference):
    """How many clusters its profile has, once it is known: finding that takes longer than all the rest."""
    path = clusters_path(family, reference)
    return path.read_text() if path.exists() else "0"


def clusters_path(family, reference):
    return peers.CACHE / "clusters" / f"{family}-{zlib.crc32(reference.tobytes())}"


def family_results(detector, family, number):
    """One reference: its rows without drift, and every scenario's streams that belong to it."""
    def compute():
        scenarios = [s for s in streams.SCENARIOS if s.family == family]
        numbers = [number + s * streams.N_REFERENCES for s in range(streams.STREAMS_A_REFERENCE)]
        keys = [None] + [(s.name, i) for s in scenarios for i in numbers]
        reference, live = streams.reference(family, number), [streams.stream(s, i)[0] for s in scenarios for i in numbers]
        if streams.FAMILIES[family].errors:
            found = watch(family, reference, [streams.quiet(family, number)], detector)[0] + watch(family, reference, live, detector)[0]
            head = "errors"
        else:
            found, head = watch(family, reference, [streams.quiet(family, number)] + live, detector)
        return dict(zip(keys, found)) | {"head": head}
    return peers.cached(f"ockham-{detector}/{family}/{number}.pickle", compute)["value"]


def main(detectors, references=range(streams.N_REFERENCES)):
    for detector in detectors:
        for family in streams.FAMILIES.values():
            if family.errors and detector != "ewma":
                continue
            start = time.time()
            try:
                quiet = [len(family_results(detector, family.name, r)[None]) for r in references]
                head = family_results(detector, family.name, references[0])["head"]
                print(f"{detector}, {family.name} ({head}): {time.time() - start:.0f} s, {sum(quiet)} alarms for {len(quiet) * streams.N_QUIET / RUN_LENGTH:.0f}", flush=True)
            except RuntimeError as error:
                print(f"{detector}, {family.name}: {error}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:2], range(int(sys.argv[2]) if len(sys.argv) > 2 else streams.N_REFERENCES))
