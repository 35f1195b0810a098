#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ask a running server every rule of the protocol and print what it made of each.

    conformance.py URL --centroids FILE [--admin URL] [--model NAME] [--mixture NAME] [--echo NAME] [--only ID ...]
    conformance.py --write FILE | --check FILE     docs/protocol.md: the table of all rules

The model was fitted by `ockham fit --scale none --centroids FILE --model NAME.ock` on two columns or more; echo is echo.py
here as a worker. Only the standard library. Exit code 1: a rule does not hold."""
import argparse
import collections
import http.client
import pathlib
import sys
import tempfile
import time

import extensions
import hostile
import hostile_cases
import protocol
import surface
from fixtures import Echo, Fitted
from rules import complaints, send

SECTIONS = (
    ("Server", lambda s: protocol.server_rules(s.model)),
    ("Models", lambda s: protocol.model_rules(s.model)),
    ("Inference", lambda s: protocol.infer_rules(s.model)),
    ("JSON", lambda s: protocol.malformed_rules(s.model)),
    ("Shapes and data", lambda s: protocol.shape_rules(s.model)),
    ("Datatypes", lambda s: protocol.datatype_rules(s.model, s.echo)),
    ("Binary tensor data", lambda s: [*extensions.binary_rules(s.model), *extensions.bytes_rules(s.echo)]),
    ("Statistics", lambda s: extensions.statistics_rules(s.model)),
    ("Compression", lambda s: extensions.compression_rules(s.model)),
    ("Extensions that are not served", lambda s: extensions.absent_rules(s.model)),
    ("Rows", lambda s: surface.row_rules(s.model)),
    ("Other servers' forms", lambda s: surface.other_rules(s.model)),
    ("HTTP", lambda s: surface.http_rules(s.model)),
    ("For people", lambda s: surface.people_rules(s.model)),
    ("Mixtures", lambda s: surface.mixture_rules(s.mixture, s.model.columns, s.model.rows(1)[0])),
    ("Admin port", lambda s: surface.admin_rules(s.model)),
    ("Drift", lambda s: surface.drift_rules(s.model)),
    ("Model repository", lambda s: extensions.repository_rules(s.model)),
)
Setting = collections.namedtuple("Setting", "model echo mixture")


def all_rules(setting):
    rules = []
    for title, make in SECTIONS:
        for rule in make(setting):
            rule.section = title
            rules.append(rule)
    twice = [id for id, n in collections.Counter(rule.id for rule in rules).items() if n > 1]
    assert not twice, f"two rules are called {twice}"
    return rules


def run_rule(rule, url, admin):
    """What is wrong: lines."""
    replies = []
    for number, (ask, want) in enumerate(rule.steps, 1):
        step = f"step {number}: " if len(rule.steps) > 1 else ""
        try:
            reply = send(admin if ask.admin else url, ask)
        except (OSError, http.client.HTTPException) as error:
            return [f"{step}{ask.method} {ask.path}: {type(error).__name__} {error}"]
        found = [f"{step}{ask.method} {ask.path}: {line}" for line in complaints(want, reply)]
        if found:
            return found
        replies.append(reply)
    if rule.across is None:
        return []
    try:
        line = rule.across(replies)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        line = f"{type(error).__name__} {error}"
    return [line] if line else []


def run(options):
    setting = Setting(Fitted(options.model, options.centroids), Echo(options.echo or "echo"), options.mixture)
    lacking = {name for name in ("echo", "mixture", "admin") if not getattr(options, name)}
    results = collections.Counter()
    section, started = "", time.monotonic()
    for rule in all_rules(setting):
        if options.only and not any(rule.id.startswith(prefix) for prefix in options.only):
            continue
        if rule.section != section:
            section = rule.section
            print(f"-- {section}")
        problems = None if rule.needs in lacking else run_rule(rule, options.url, options.admin)
        verdict = "skipped" if problems is None else "FAILED" if problems else "ok"
        results[verdict] += 1
        if verdict != "ok" or not options.quiet:
            print(f"{verdict:8}{rule.id:28}{rule.says}" + (f" (needs {rule.needs})" if problems is None else f" [{rule.source}]"))
        for line in problems or []:
            print(f"        {line}")
    print(f"{sum(results.values())} rules in {time.monotonic() - started:.1f} s: "
          + ", ".join(f"{n} {name}" for name, n in sorted(results.items())))
    return 1 if results["FAILED"] or not results["ok"] or (options.complete and results["skipped"]) else 0


# ---- the document ----

HEAD = """# The protocol, rule by rule

Every rule that `ockham serve` keeps, with the test that asks it of a running server: `tests/serve/conformance.py`, which writes this file
(`--write`) and checks it (`--check`). Names in the first column can be given to it: `conformance.py URL --only infer`.

- OIP: [Open Inference Protocol v2, REST](https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md).
- Triton: the extensions in [docs/protocol](https://github.com/triton-inference-server/server/tree/main/docs/protocol) of its server.
- Ockham: ours. "Decision" is what we do where a source is silent, unclear or contradicts itself, and why.
- Here the model is `m`, of two columns. What is asked: the first request of a rule; all are in `protocol.py`, `extensions.py` and `surface.py`
  beside the test.
"""


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def document():
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("cluster,rows,a,b\n0,9,1,2\n1,8,11,-4\n2,7,-6,9.5\n")
        file.flush()
        setting = Setting(Fitted("m", file.name), Echo("echo"), "mixture")
        rules = all_rules(setting)
    parts, section = [HEAD], ""
    for rule in rules:
        if rule.section != section:
            section = rule.section
            parts.append(f"\n## {section}\n\n| rule | what holds | asked | answered | source | decision |\n|---|---|---|---|---|---|\n")
        ask, want = rule.steps[0]
        status = "/".join(map(str, want.status)) if isinstance(want.status, tuple) else str(want.status)
        parts.append(f"| `{rule.id}` | {cell(rule.says)} | {ask.method} {cell(ask.path)} | {status} | {cell(rule.source)} | {cell(rule.decision)} |\n")
    parts.append(f"\n{len(rules)} rules.\n")
    return "".join(parts + list(hostile_section()))


HOSTILE = """
## Malformed and hostile requests

What `tests/serve/hostile.py` sends over bare sockets, and what must come of it; the server must answer others after each. "–": the connection is
closed without an answer. "Then": whether it must be closed, so that nothing behind can be taken for a request, or must serve the next one. Where
libmicrohttpd itself refuses a request, the body of its answer is a line of HTML, not JSON.

| case | what is sent | answered | then | source | known exception |
|---|---|---|---|---|---|
"""


def hostile_section():
    yield HOSTILE
    cases = list(hostile_cases.all_cases("m", "/v2/models/m/infer", b'{"inputs": []}', 1000))
    for case in cases:
        if case.id.startswith("path-0") and case.id != "path-00-metadata" or case.id[5:6] in "123" and case.id.startswith("path-"):
            continue  # one for all names
        answers = ", then ".join("/".join("–" if status is None else str(status) for status in (wanted if isinstance(wanted, tuple) else (wanted,)))
                                 for wanted in case.answers)
        then = {True: "closed", False: "the next is answered", None: ""}[case.closes]
        yield f"| `{case.id}` | {cell(case.says)} | {answers} | {then} | {case.source} | {cell(case.known)} |\n"
    for action in (*hostile.WAITING, *hostile.BEHAVIOUR):
        yield f"| `{action.__name__.replace('_', '-')}` | {cell(action.__doc__)} | | | | |\n"
    yield f"\n{len(cases)} requests, {len(hostile.WAITING) + len(hostile.BEHAVIOUR)} ways to behave.\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url", nargs="?", help="of the data port")
    parser.add_argument("--admin", help="URL of the admin port; without it its rules are skipped")
    parser.add_argument("--model", default="people", help="the k-means model's name")
    parser.add_argument("--centroids", help="its centroids, as `ockham fit --centroids` writes them")
    parser.add_argument("--mixture", help="a mixture's name")
    parser.add_argument("--echo", help="name of a worker that returns its inputs")
    parser.add_argument("--only", nargs="+", help="rules whose names begin so")
    parser.add_argument("--quiet", action="store_true", help="print what does not hold")
    parser.add_argument("--complete", action="store_true", help="fail when a rule is skipped")
    parser.add_argument("--write", metavar="FILE", help="write the document")
    parser.add_argument("--check", metavar="FILE", help="fail unless the document is up to date")
    options = parser.parse_args()
    if options.write:
        pathlib.Path(options.write).write_text(document())
        return 0
    if options.check:
        same = pathlib.Path(options.check).read_text() == document()
        print("" if same else f"{options.check} is not what the rules say: run conformance.py --write {options.check}")
        return 0 if same else 1
    if not options.url or not options.centroids:
        parser.error("expected a URL and --centroids")
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
