# SPDX-License-Identifier: Apache-2.0
"""Studies: the law that made the runs is found again, and all is as `ockham ablate` has it."""

from __future__ import annotations

import gc
import itertools
import json
import math
import os
import pathlib
import pickle
import subprocess

import numpy as np
import pytest

import ockham

COMMAND = os.environ.get("OCKHAM_COMMAND", "")
WIDTHS = {"S1": 32, "S2": 64, "S3": 128, "S4": 256}
STUDY = {
    "name": "made",
    "question": "Is the law <found> again?",
    "command": "train {position} {ffn} {width} {seed}",
    "metric": "loss",
    "worst-loss": 5.5,
    "factors": {"position": ["learned", "rope"], "ffn": ["gelu", "swiglu"]},
    "scales": {name: {"width": width, "replicates": 3} for name, width in WIDTHS.items()},
    "seeds": 2,
    "claims": ["position=rope helps", "ffn=swiglu is negligible"],
}
STUDY["scales"]["S4"]["held-out"] = "yes"


def make_runs(seeds=3):
    """log(loss - 1/2) = 0.2 - 0.15 l, 0.08 less with rope, whose gain is exp(0.08 / 0.15) = 1.70; and as it gets its
    parameters: a tenth more."""
    random = np.random.default_rng(0)
    for (scale, width), position, ffn, seed in itertools.product(
        WIDTHS.items(), ["learned", "rope"], ["gelu", "swiglu"], range(1, seeds + 1)
    ):
        left = 0.2 - 0.15 * 3 * math.log(width / 64) - 0.08 * (position == "rope") + random.normal(0, 0.002)
        yield {
            "scale": scale,
            "position": position,
            "ffn": ffn,
            "seed": seed,
            "loss": 0.5 + math.exp(left),
            "flops": 1e6 * width**3,
            "tokens": 1000 * width * (2 if ffn == "swiglu" else 1),
            "parameters": 10 * width**2 + (width**2 if position == "rope" else 0),
            "seconds": width**3 / 1e3,
        }


@pytest.fixture
def study():
    made = ockham.Study(STUDY)
    assert made.import_runs(make_runs()) == 48
    return made


@pytest.fixture
def file(tmp_path):
    """A study in a file; JSON is YAML, too."""
    path = tmp_path / "s.yaml"
    path.write_text(json.dumps(STUDY))
    return path


# ---- the study ----


def test_parts_of_a_study(file):
    s = ockham.Study(file)
    assert (s.name, s.question, s.metric, s.compute, s.design) == ("made", STUDY["question"], "loss", "flops", "full")
    assert s.factors == STUDY["factors"] and s.claims == STUDY["claims"]
    assert s.scales == {name: {"width": str(width)} for name, width in WIDTHS.items()}
    assert s.held_out == ["S4"] and s.corpus is None and s.command == STUDY["command"]
    assert s.journal == file.with_suffix(".journal") and not s.journal.exists()
    assert repr(s) == "<ockham.Study made: 2 factors, 4 scales>"


def test_what_is_wrong_with_a_study(tmp_path):
    with pytest.raises(FileNotFoundError):
        ockham.Study(tmp_path / "nowhere" / "s.yaml")
    with pytest.raises(ValueError, match=r"^the study: there is no key 'factor': is it factors\?$"):
        ockham.Study({"name": "x", "factor": {}})
    with pytest.raises(TypeError, match="of texts, numbers, lists and mappings, found"):
        ockham.Study({"name": object()})
    (tmp_path / "s.yaml").write_text("name: x\nfactors: 3\n")
    with pytest.raises(ValueError, match=r"s\.yaml:2: "):
        ockham.Study(tmp_path / "s.yaml")


def test_the_built_in_trainer_knows_its_factors():
    about = {"corpus": "text.ock", "factors": {"norm": ["layer", "rms"]}, "scales": {"S1": {"width": 64, "replicates": 2}}}
    plan = ockham.Study(about).plan()
    assert all(run["flops"] > 1e9 and run["parameters"] > 1e5 for run in plan.runs)
    with pytest.raises(ValueError, match="norm: expected one of rms, layer, found 'nonsense'"):
        ockham.Study({**about, "factors": {"norm": ["layer", "nonsense"]}})


# ---- the plan ----


def test_plan(study):
    fresh = ockham.Study(STUDY).plan()
    assert fresh.n_runs == fresh.n_waiting == sum(scale["runs"] for scale in fresh.scales)
    assert [scale["cells"] for scale in fresh.scales] == [4] * 4
    assert all(scale["noise"] is None for scale in fresh.scales) and fresh.core_seconds is None
    assert any("nothing has been run yet" in text for text in fresh.warnings)
    assert {run["position"] for run in fresh.runs} == {"learned", "rope"}
    plan = study.plan()
    assert plan.n_waiting < plan.n_runs and 0 < plan.core_seconds < math.inf
    assert all(0 < scale["noise"] < 0.02 for scale in plan.scales)
    assert json.loads(json.dumps(plan.to_dict()))["n_runs"] == plan.n_runs
    text = str(plan)
    assert text.startswith("made: Is the law <found> again?\n") and "  position  learned, rope\n" in text
    assert f"{plan.n_runs} runs, {plan.n_waiting} of them still to be run" in text


def test_plan_of_the_command(file, tmp_path):
    if not COMMAND:
        pytest.skip("there is no command to compare with")
    plan = ockham.Study(file).plan()
    lines = subprocess.run([COMMAND, "ablate", "plan", file, "--runs", "--anyway"], capture_output=True, text=True).stdout
    told = [line.split() for line in lines.partition("Runs, in their order\n")[2].partition("\n\n")[0].splitlines()]
    assert len(told) == plan.n_runs
    for words, run in zip(told, plan.runs):
        spelled = [str(run["id"]), run["purpose"], run["scale"], f"position={run['position']}", f"ffn={run['ffn']}"]
        assert words[:6] == [*spelled, f"seed={run['seed']}"]


# ---- runs ----


def test_runs_come_back_as_they_were(study):
    made, found = list(make_runs()), study.runs
    assert len(found) == len(made)
    for a, b in zip(made, found):
        assert all(b[name] == value for name, value in a.items()), (a, b)
    assert found[0]["purpose"] == "baseline" and found[0]["outcome"] == "done" and found[0]["slope"] is None
    assert study.import_runs(found) == 0
    other = ockham.Study(STUDY)
    assert other.import_runs(found) == len(found) and other.runs == found


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames(study, library):
    rows = [{"eval/loss" if name == "loss" else name: value for name, value in run.items()} for run in make_runs()]
    if library == "pyarrow":
        frame = pytest.importorskip("pyarrow").Table.from_pylist(rows)
    else:
        frame = pytest.importorskip(library).DataFrame(rows)
    other = ockham.Study(STUDY)
    assert other.import_runs(frame, map={"loss": "eval/loss"}) == 48
    assert other.runs == study.runs


def test_names_of_others_and_what_is_the_same_everywhere():
    rows = [{**run, "config": {"pos": run.pop("position")}} for run in make_runs() if run.pop("scale") == "S1"]
    s = ockham.Study(STUDY)
    assert s.import_runs(rows, map={"position": "config.pos"}, set={"scale": "S2"}) == 12
    assert {run["scale"] for run in s.runs} == {"S2"} and {run["position"] for run in s.runs} == {"learned", "rope"}


def test_outcomes():
    runs = [dict(run) for run in make_runs()]
    runs[0]["loss"], runs[1]["loss"], runs[2]["outcome"] = math.nan, None, "running"
    s = ockham.Study(STUDY)
    assert s.import_runs(runs) == 47
    assert [run["outcome"] for run in s.runs[:3]] == ["diverged", "failed", "done"]
    assert [run["loss"] for run in s.runs[:2]] == [None, None]


def test_what_is_wrong_with_runs(study):
    bad = [*make_runs()][:3]
    bad[1]["ffn"] = "relu"
    fresh = ockham.Study(STUDY)
    with pytest.raises(ockham.DataError, match=r"^runs\[1\]: expected a level of ffn, found 'relu'$") as caught:
        fresh.import_runs(bad)
    assert caught.value.row == 1 and fresh.runs == []
    with pytest.raises(ockham.DataError, match="expected a row a run, found none"):
        fresh.import_runs([])
    with pytest.raises(TypeError, match="each run must be a dict, found int at 0"):
        fresh.import_runs([3])
    with pytest.raises(TypeError, match="a data frame or a list of dicts, found str"):
        fresh.import_runs("runs.csv")


def test_a_journal_belongs_to_its_study(file):
    ockham.Study(file).import_runs(make_runs())
    other = {**STUDY, "factors": {**STUDY["factors"], "ffn": ["gelu", "relu"]}, "claims": []}
    with pytest.raises(ockham.DataError, match="expected the journal of this study"):
        len(ockham.Study(other, journal=file.with_suffix(".journal")).runs)
    assert len(ockham.Study({**STUDY, "name": "grown"}, journal=file.with_suffix(".journal")).runs) == 48


# ---- running ----

SMALL = {
    **STUDY,
    "command": "echo METRIC loss=$(({seed} % 3 + 1)) flops={width}e9 tokens=5; : {position} {ffn}",
    "scales": {"S1": {"width": 32, "replicates": 2}, "S2": {"width": 64, "replicates": 2}},
    "seeds": 1,
}


def test_run(tmp_path):
    told = []
    s = ockham.Study(SMALL)
    s.run(pilot=True, scale="S1")
    assert {(run["scale"], run["position"], run["ffn"]) for run in s.runs} >= {("S1", "learned", "gelu")}
    n_pilot = len(s.runs)
    assert 0 < n_pilot < s.plan().n_runs
    s.run(cores=2, progress=lambda *parts: told.append(parts))
    plan = s.plan()
    assert plan.n_waiting == 0 and len(s.runs) == plan.n_runs
    assert all(run["outcome"] == "done" and run["loss"] == run["seed"] % 3 + 1 for run in s.runs)
    assert {run["flops"] for run in s.runs} == {32e9, 64e9} and s.runs[0]["seconds"] >= 0
    stages, done, total = zip(*told)
    assert set(stages) == {"runs"} and list(done) == sorted(done) and set(total) == {plan.n_runs}
    s.run()  # nothing is left


def test_a_run_that_is_stopped_goes_on():
    s = ockham.Study(SMALL)
    with pytest.raises(ockham.Stopped):
        s.run(cores=1, progress=lambda stage, done, total: done < 3)
    n = len(s.runs)
    assert 3 <= n < s.plan().n_runs

    def interrupt(stage, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        s.run(progress=interrupt)
    s.run()
    assert s.plan().n_waiting == 0


def test_the_built_in_trainer_is_run_by_the_command(tmp_path, monkeypatch):
    """By one that is put in its place, and tells its arguments."""
    (tmp_path / "ockham").write_text(
        '#!/bin/sh\necho METRIC bits=2.5 flops=$(echo "$@" | grep -o width=.. | tail -c 3)e9\necho "$@" >"$0.$$"\n'
    )
    (tmp_path / "ockham").chmod(0o755)
    (tmp_path / "text.ock").touch()
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    scales = {"S1": {"layers": 1, "width": 32, "replicates": 2}, "S2": {"layers": 1, "width": 64, "replicates": 2}}
    s = ockham.Study({"corpus": str(tmp_path / "text.ock"), "factors": {"norm": ["layer", "rms"]}, "scales": scales})
    s.run()
    assert {(run["scale"], run["flops"], run["loss"]) for run in s.runs} == {("S1", 32e9, 2.5), ("S2", 64e9, 2.5)}
    told = [path.read_text().split() for path in tmp_path.glob("ockham.*")]
    assert len(told) == len(s.runs) and all(words[:2] == ["train", str(tmp_path / "text.ock")] for words in told)
    assert {word for words in told for word in words if "norm=" in word} == {"norm=layer", "norm=rms"}


def test_what_is_wrong_with_running(tmp_path, monkeypatch):
    s = ockham.Study({**SMALL, "command": "exit 3 # {position} {ffn} {width} {seed}"})
    with pytest.raises(ockham.DataError, match="the first 3 runs all failed, the last: exit status 3; see "):
        s.run(cores=1)
    assert {run["outcome"] for run in s.runs} == {"failed"}
    with pytest.raises(ValueError, match="scale must be one of S1, S2, found 'S3'"):
        s.run(scale="S3")
    about = {"factors": {"norm": ["layer", "rms"]}, "scales": {"S1": {"width": 64, "replicates": 2}}}
    with pytest.raises(FileNotFoundError, match="nowhere.ock"):
        ockham.Study({**about, "corpus": "nowhere.ock"}).run()
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "text.ock").touch()
    with pytest.raises(FileNotFoundError, match="which was not found in the PATH"):
        ockham.Study({**about, "corpus": str(tmp_path / "text.ock")}).run()


# ---- answers ----


def test_the_law_is_found(study):
    a = study.analyse(bootstraps=300)
    assert a.verdicts == {"position=rope": "helps", "ffn=swiglu": "negligible"}
    value, low, high = a.gains["position=rope"]
    assert low < math.exp(0.08 / 0.15) < high and high < 1.1 * low
    assert a.claims == {"position=rope helps": "yes", "ffn=swiglu is negligible": "yes"}
    assert a.costs["position=rope"] == pytest.approx((1.1, 1)) and a.costs["ffn=swiglu"] == pytest.approx((1, 0.5))
    assert a.to_dict()["held_out"]["measured"] == pytest.approx(0.5 + math.exp(0.2 - 0.45 * math.log(4)), abs=0.01)
    assert repr(a) == "<ockham.Ablation: position=rope helps, ffn=swiglu negligible>"
    assert str(a).startswith("made: Is the law <found> again?\n") and "position learned → rope" in str(a)
    assert "parameters  FLOPs a token\n" in str(a) and "×1.100" in str(a)
    html = a._repr_html_()
    assert "Is the law &lt;found&gt; again?" in html and "<td>position=rope</td><td>helps</td>" in html
    assert "&lt;found&gt;" in html and "<found>" not in html


def test_it_outlives_its_study_and_journal(file, tmp_path):
    study = ockham.Study(file)
    study.import_runs(make_runs())
    a = study.analyse(bootstraps=50)
    before = a.to_dict()
    study.import_runs([{**next(make_runs()), "seed": 99}])
    study.journal.unlink()
    del study
    gc.collect()
    assert a.to_dict() == before and len(before["runs"]) == 48


def test_accounts_and_options(study):
    a = study.analyse(account="iso-parameter", level=0.5, bootstraps=50, seed=3)
    told = a.to_dict()
    assert told["account"] == "iso-parameter" and told["interval_level"] == 0.5 and set(told["beside"]) == {"iso-flop", "iso-time"}
    assert a.to_dict() == study.analyse(account="iso-parameter", level=0.5, bootstraps=50, seed=3, threads=1).to_dict()
    with pytest.raises(ValueError, match="account must be one of iso-flop, iso-parameter, iso-time, found 'flops'"):
        study.analyse(account="flops")
    with pytest.raises(ValueError, match="level of intervals from 0.5 to 0.999"):
        study.analyse(level=0.2)
    with pytest.raises(ValueError, match="bootstraps must be a whole number of 20 to"):
        study.analyse(bootstraps=3)
    with pytest.raises(ockham.DataError, match="nothing has been run yet"):
        ockham.Study(STUDY).analyse()
    with pytest.raises(ockham.Stopped):
        study.analyse(progress=lambda stage, done, total: False)


def test_runs_without_what_an_account_goes_by():
    s = ockham.Study(STUDY)
    s.import_runs({k: v for k, v in run.items() if k not in ("seconds", "parameters", "tokens")} for run in make_runs())
    a = s.analyse(bootstraps=50)
    assert a.verdicts["position=rope"] == "helps" and a.costs["position=rope"] == (None, None)
    assert "FLOPs a token" not in str(a)


def test_the_report_is_the_commands(file, tmp_path):
    if not COMMAND:
        pytest.skip("there is no command to compare with")
    s = ockham.Study(file)
    s.import_runs(make_runs())
    a = s.analyse()

    def report(*options):
        command = [COMMAND, "ablate", "report", file, "--quiet", *options]
        return subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout

    assert a.to_dict() == json.loads(report("--json"))
    assert report().startswith(str(a)) and report("--every").startswith(a.table)


def test_page(study, tmp_path):
    a = study.analyse(bootstraps=50)
    try:
        a.report(tmp_path / "page.html")
    except NotImplementedError as error:
        pytest.skip(str(error))
    page = (tmp_path / "page.html").read_text()
    assert "<title>1 change helps, 1 is negligible – made</title>" in page and page.endswith("</html>\n")
    assert "ockham.Study(study).analyse(bootstraps=50)" in page
    with pytest.raises(FileNotFoundError):
        a.report(tmp_path / "nowhere" / "page.html")


def test_a_corpus_is_beside_its_study(tmp_path, monkeypatch):
    if not COMMAND:
        pytest.skip("there is no command to ask")
    folder = tmp_path / "studies"
    folder.mkdir()
    about = {"corpus": "text.ock", "factors": {"norm": ["layer", "rms"]}, "scales": {"S1": {"width": 64, "replicates": 2}}}
    (folder / "s.yaml").write_text(json.dumps(about))
    (folder / "text.ock").touch()
    monkeypatch.chdir(tmp_path)
    command = [COMMAND, "ablate", "run", "studies/s.yaml", "--commands"]
    assert " train studies/text.ock " in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert ockham.Study("studies/s.yaml").corpus == "text.ock"
    assert ockham.Study("studies/s.yaml").journal == pathlib.Path("studies/s.journal")


def test_what_is_not_pickled(study):
    with pytest.raises((TypeError, ValueError)):
        pickle.dumps(study)
