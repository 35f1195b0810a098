# SPDX-License-Identifier: Apache-2.0
"""Tables as the library reads them, against pandas: cells that stay missing, columns of text, and times."""

import ctypes

import numpy as np
import pytest

from ockham import _ffi
from ockham._calls import call

pd = pytest.importorskip("pandas")
WORDS = ["red", "green", 'a "quoted" one', "comma, inside", "ünïcode", "1", "1.0", "two\nlines", "x" * 300]


def read(path, **options):
    """Values, the texts of each column, and times."""
    table = ctypes.POINTER(_ffi.ockham_table)()
    choice = _ffi.ockham_read_options(missing=_ffi.OCKHAM_MISSING_KEEP, **options)
    call(_ffi.ockham_table_read, str(path).encode(), ctypes.byref(choice), ctypes.byref(table))
    try:
        rows = _ffi.ockham_table_rows(table)
        cells = (ctypes.c_double * (rows.n_rows * rows.n_columns)).from_address(rows.data)
        values = np.array(cells).reshape(rows.n_rows, rows.n_columns)
        texts = [
            [_ffi.ockham_table_text(table, j, t).decode() for t in range(_ffi.ockham_table_n_texts(table, j))]
            for j in range(rows.n_columns)
        ]
        times = _ffi.ockham_table_times(table)
        return values, texts, np.array(times[: rows.n_rows]) if times else None
    finally:
        _ffi.ockham_table_free(table)


def make_frame(seed, n):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=n) * 10.0 ** rng.integers(-300, 300, n),
            "word": rng.choice(WORDS[: rng.integers(1, len(WORDS))], n),
            "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(-(10**9), 10**9, n), "ms") * 1000,
            "late": np.where(np.arange(n) == n - 1, "late", rng.integers(0, 5, n).astype(str)),
            "infinite": rng.choice([0.5, np.inf, -np.inf], n),
        }
    )
    for name in ("number", "word", "late", "infinite"):
        frame.loc[(rng.random(n) < 0.1) & (np.arange(n) < n - 1), name] = None
    return frame


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("threads", [1, 8])
def test_a_table_is_that_of_pandas(tmp_path, seed, threads):
    n = [1, 2, 30, 300, 3000, 30000][seed % 6]
    frame = make_frame(seed, n)
    separator = ",;\t"[seed % 3]
    path = tmp_path / "x.csv"  # a wheel links no zlib; gzipped files are tests/data's
    frame.to_csv(path, index=False, sep=separator, na_rep=["", "NA", "-"][seed % 3])
    # Text stays as it stands in the file, also where all of it could be a number.
    options = dict(find_categories=True, time_column=b"when", threads=threads, n_category_columns=2)
    names = (ctypes.c_char_p * 2)(b"word", b"late")
    values, texts, times = read(path, category_columns=names, header=_ffi.OCKHAM_HEADER_PRESENT, **options)
    assert values.shape == (n, 4)
    for j, name in enumerate(["number", "word", "late", "infinite"]):
        if name in ("word", "late"):
            codes, uniques = pd.factorize(frame[name])
            assert texts[j] == list(uniques)
            assert np.array_equal(np.where(np.isnan(values[:, j]), -1, values[:, j]), codes)
        else:
            assert texts[j] == [] and np.array_equal(values[:, j], frame[name].to_numpy(float), equal_nan=True)
    assert np.allclose(times, frame["when"].astype("datetime64[ns]").astype("int64") / 1e9, rtol=0, atol=1e-6)


def test_text_far_down_is_found_as_if_it_stood_first(tmp_path):
    rng = np.random.default_rng(1)
    n = 20000
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.integers(0, 9, n).astype(str), "c": rng.normal(size=n)})
    frame.loc[n - 5, "b"] = "ten"
    frame.to_csv(tmp_path / "x.csv", index=False)
    values, texts, _ = read(tmp_path / "x.csv", find_categories=True)
    codes, uniques = pd.factorize(frame["b"])
    assert texts == [[], list(uniques), []] and np.array_equal(values[:, 1], codes)
    assert np.array_equal(values[:, [0, 2]], frame[["a", "c"]])
