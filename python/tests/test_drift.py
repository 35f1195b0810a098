# SPDX-License-Identifier: Apache-2.0
"""Drift: what the command finds of the same rows; frames of all kinds; columns and cells that differ; streams."""

from __future__ import annotations

import json
import os
import pathlib
import pickle
import subprocess
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

import ockham

pandas = pytest.importorskip("pandas")
EXAMPLE = ROOT / "examples/drift"


@pytest.fixture(scope="module")
def spring() -> Any:
    return pandas.read_csv(EXAMPLE / "spring.csv")


@pytest.fixture(scope="module")
def summer() -> Any:
    return pandas.read_csv(EXAMPLE / "summer.csv")


@pytest.fixture(scope="module")
def profile(spring: Any) -> ockham.Profile:
    return ockham.profile(spring)


@pytest.fixture(scope="module")
def found(profile: ockham.Profile, summer: Any) -> ockham.Drift:
    return ockham.drift(profile, summer)


def test_a_known_change_is_found(found: ockham.Drift) -> None:
    assert found.found and found.verdict == "found" and found.p_value < 1e-16
    assert found.since_row is not None and abs(found.since_row - 800) < 30
    moved = {s.name for s in found.signals.values() if s.drifted and s.kind == "column"}
    assert moved == {"basket", "items", "town", "days"}
    assert all(row >= found.since_row for row in found.example_rows) and len(found.example_rows) == 5
    low, high = found.signals["days"].shift_interval
    assert low < found.signals["days"].shift < high
    for signal in found.signals.values():
        assert signal.bins.shape == (len(signal.bin_names), 4)
        assert np.allclose(signal.bins[:, :2].sum(axis=0), 1)


def test_shares_are_those_of_the_rows(found: ockham.Drift, spring: Any, summer: Any) -> None:
    """Counted by pandas."""
    town = found.signals["town"]
    for name, then, now, *_ in zip(town.bin_names, *town.bins.T):
        if name in ("other", "new", "missing"):
            continue
        assert then == pytest.approx((spring.town == name).mean())
        assert now == pytest.approx((summer.town == name).mean())
    assert town.bins[town.bin_names.index("new"), 1] == pytest.approx((summer.town == "Bergen").mean())
    deviation, means = spring.days.std(ddof=0), (spring.days.mean(), summer.days.mean())
    assert found.signals["days"].shift == pytest.approx((means[1] - means[0]) / deviation, rel=0.02)  # but for clipping


@pytest.mark.skipif("OCKHAM_COMMAND" not in os.environ, reason="OCKHAM_COMMAND names no command")
def test_the_command_finds_the_same(found: ockham.Drift) -> None:
    command = [os.environ["OCKHAM_COMMAND"], "drift", EXAMPLE / "spring.csv", EXAMPLE / "summer.csv", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 3
    assert json.loads(done.stdout) == found.to_dict()


def test_it_tells(found: ockham.Drift, tmp_path: pathlib.Path) -> None:
    assert str(found).startswith("Drift found ") and "it begins about row 801" in str(found)
    assert "Bergen" in str(found)  # a text that the reference has not
    assert "coupon" in found.table and "found" in repr(found)
    html = found._repr_html_()
    assert "<script" not in html and "Drift found" in html
    try:
        found.report(tmp_path / "page.html")
    except NotImplementedError:
        return  # a build without the page
    assert "<title>Drift found</title>" in (tmp_path / "page.html").read_text()


def test_no_drift(profile: ockham.Profile, spring: Any, summer: Any) -> None:
    none = ockham.drift(profile, spring)
    assert none.verdict == "none" and not none.found and none.since_row is None and none.p_value > 0.01
    assert ockham.drift(profile, summer[:800]).verdict == "none"
    assert ockham.drift(profile, summer, min_effect=5).verdict == "trivial"
    assert str(none).startswith("No drift ")


def test_other_frames_say_the_same(found: ockham.Drift, profile: ockham.Profile) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.read_csv(EXAMPLE / "summer.csv")
    assert ockham.drift(profile, frame).p_value == found.p_value
    shuffled = frame.select(["town", "coupon", "days", "items", "basket", "age"])
    assert ockham.drift(profile, shuffled).p_value == found.p_value
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_pandas(pandas.read_csv(EXAMPLE / "summer.csv"))
    assert ockham.drift(profile, table).p_value == found.p_value
    assert ockham.drift(polars.read_csv(EXAMPLE / "spring.csv"), frame).p_value == found.p_value


def test_categories_of_pandas_are_texts(found: ockham.Drift, profile: ockham.Profile, summer: Any) -> None:
    coded = summer.assign(town=summer.town.astype("category"))
    assert ockham.drift(profile, coded).p_value == found.p_value


def test_columns_that_are_absent_or_more(profile: ockham.Profile, spring: Any) -> None:
    with pytest.raises(ValueError, match="the data lack 'coupon' of the profile"):
        ockham.drift(profile, spring.drop(columns="coupon"))
    lacking = ockham.drift(profile, spring.drop(columns="coupon"), allow_missing=True, unordered=True)
    assert lacking.found and "coupon" in str(lacking)
    assert ockham.drift(profile, spring.assign(note="x")).verdict == "none"
    with pytest.raises(ockham.DataError, match="column 'age' holds texts"):
        ockham.drift(profile, spring.assign(age="old"))


def test_numbers_that_are_codes() -> None:
    codes = np.tile([1.0, 2.0, 7.0], 50).reshape(-1, 1)
    frame, other = pandas.DataFrame(codes, columns=["code"]), pandas.DataFrame(codes + 10, columns=["code"])
    reference = ockham.profile(frame, categories=["code"], unordered=True)
    result = ockham.drift(reference, other, unordered=True)
    signal = result.signals["code"]
    assert result.found and signal.bins[signal.bin_names.index("new"), 1] == 1
    with pytest.raises(ValueError, match="no column 'cod'"):
        ockham.profile(frame, categories=["cod"])


def test_arrays_go_by_place(blobs: np.ndarray[Any, Any]) -> None:
    random = np.random.default_rng(0)
    rows = random.permutation(np.repeat(blobs, 3, axis=0)) + random.normal(0, 0.1, (3 * len(blobs), 2))
    reference = ockham.profile(rows)
    assert reference.column_names == ["x1", "x2"] and reference.k == 4
    assert ockham.drift(reference, rows[::2]).verdict == "none"
    assert ockham.drift(reference, rows + [0.5, 0], unordered=True).found
    with pytest.raises(ValueError, match="the profile's 2 columns, found 3"):
        ockham.drift(reference, np.zeros((30, 3)))


def test_models_have_profiles(blobs: np.ndarray[Any, Any], tmp_path: pathlib.Path) -> None:
    clusters = ockham.clusters(blobs)
    clusters.save(tmp_path / "m.ock")
    for reference in (clusters, clusters.model, ockham.load(tmp_path / "m.ock")):
        assert ockham.drift(reference, blobs + 3, unordered=True).found
    assert ockham.Profile.of(clusters.model).n_rows == len(blobs)


def test_profiles_travel(profile: ockham.Profile, found: ockham.Drift, summer: Any) -> None:
    again = pickle.loads(pickle.dumps(profile))
    assert ockham.drift(again, summer, unordered=True).p_value == found.p_value
    assert repr(again) == repr(profile) == f"<ockham.Profile: 3,000 rows, 6 columns, {profile.k} clusters>"


def test_streams(profile: ockham.Profile, summer: Any, tmp_path: pathlib.Path) -> None:
    monitor = ockham.DriftMonitor(profile, false_alarms=10_000)
    begun = [(first, e) for first in range(0, 1600, 100) for e in monitor.update(summer[first : first + 100])]
    assert len(begun) == 1 and monitor.drifted and monitor.n_rows == 1600
    first, episode = begun[0]
    assert first <= episode.noticed_row < first + 100 and episode.until_row is None
    assert 780 <= episode.since_row <= 810 <= episode.noticed_row
    assert monitor.episodes == [episode] and monitor.signals["town"].drifted
    assert str(monitor).startswith("Drift, and it lasts") and monitor.to_dict()["kind"] == "stream"
    monitor.reset()
    assert monitor.n_rows == 0 and not monitor.drifted and monitor.update(summer[:800]) == []
    with pytest.raises(ValueError, match="detector must be one of"):
        ockham.DriftMonitor(profile, detector="eyes")
    with pytest.raises(ValueError, match="false_alarms must be 100 rows or more"):
        ockham.DriftMonitor(profile, false_alarms=3)


def test_bad_arguments(profile: ockham.Profile, spring: Any) -> None:
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        ockham.drift(profile, spring, level=2)
    with pytest.raises(ValueError, match="times must be 3000"):
        ockham.profile(spring, times=[1, 2])
    with pytest.raises(TypeError, match="outputs must be a list of names"):
        ockham.profile(spring, outputs="days")
    model = ockham.clusters(np.random.default_rng(0).normal(size=(10, 2))).model
    with pytest.raises(ValueError, match="the model has no profile"):
        ockham.drift(model, spring)


def test_a_least_effect_below_none_is_refused(profile: ockham.Profile, summer: Any) -> None:
    for wrong in (-1, -1e-9, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="min_effect must not be negative, found"):
            ockham.drift(profile, summer, min_effect=wrong)
        with pytest.raises(ValueError, match="min_effect must not be negative, found"):
            ockham.DriftMonitor(profile, min_effect=wrong)
    for rows in (0, -5, 99, float("nan")):
        with pytest.raises(ValueError, match="false_alarms must be 100 rows or more, found"):
            ockham.DriftMonitor(profile, false_alarms=rows)


def test_no_rows(profile: ockham.Profile, spring: Any, summer: Any) -> None:
    with pytest.raises(ockham.DataError, match="X has no rows: expected at least one to compare"):
        ockham.drift(profile, summer[:0])
    for rows in (spring[:0], spring[:19]):
        with pytest.raises(ockham.DataError, match=f"a profile needs at least 20 rows, found {len(rows)}"):
            ockham.profile(rows)


def test_a_folder_that_is_not_there_is_named(found: ockham.Drift) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        found.report("nowhere/drift.html")
    assert raised.value.filename == "nowhere"


def test_times_are_left_out_with_a_warning(spring: Any, summer: Any) -> None:
    timed = spring.assign(day=pandas.date_range("2026-01-01", periods=len(spring), freq="h"))
    with pytest.warns(UserWarning, match="column 'day' holds times, and is left out: times=X"):
        profile = ockham.profile(timed)
    assert profile.column_names == list(spring.columns)
    assert not ockham.drift(profile, timed).found
    as_texts = timed.assign(day=timed["day"].dt.floor("30D"))
    assert "day" in ockham.profile(as_texts, categories=["day"]).column_names
    with pytest.warns(UserWarning, match="column 'order' has 3000 different texts in 3000 rows"):
        ockham.profile(spring.assign(order=[f"no {i}" for i in range(len(spring))]))


def test_columns_that_say_nothing(spring: Any) -> None:
    """Without a cell, or with one value: they are profiled, and have no say in how many clusters there are."""
    empty = spring.assign(empty=np.nan)
    assert ockham.profile(empty).column_names[-1] == "empty"
    assert not ockham.drift(ockham.profile(empty), empty).found
    whole = pandas.DataFrame({"x": np.random.default_rng(0).integers(0, 50, 2000)})
    assert ockham.profile(whole).k == ockham.profile(whole.assign(constant=5.1)).k == 1
    assert ockham.profile(pandas.DataFrame({"constant": [0.1] * 40})).k == 1
