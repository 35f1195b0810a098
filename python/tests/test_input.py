# SPDX-License-Identifier: Apache-2.0
"""Whatever holds a table of numbers gives the same rows, without a copy where its memory allows."""

import array

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import ockham
from ockham._input import read_rows

X = np.random.default_rng(0).normal(size=(7, 3))
NAMES = ["a", "b", "c"]


def columns():
    return {name: X[:, j] for j, name in enumerate(NAMES)}


def chunked():
    halves = [pa.table({name: column[part] for name, column in columns().items()}) for part in (slice(0, 3), slice(3, 7))]
    return pa.concat_tables(halves)


def fixed_size_list():
    return pa.table({"v": pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), 3)})


SOURCES = {
    "numpy": lambda: X,
    "fortran": lambda: np.asfortranarray(X),
    "reversed": lambda: X[::-1][::-1],
    "big endian": lambda: X.astype(">f8"),
    "unaligned": lambda: np.frombuffer(b"x" + X.tobytes(), np.uint8)[1:].view("<f8").reshape(X.shape),
    "list": lambda: X.tolist(),
    "objects": lambda: X.astype(object),
    "memoryview": lambda: memoryview(X),
    "pandas": lambda: pd.DataFrame(columns()),
    "pandas view": lambda: pd.DataFrame(X, columns=NAMES, copy=False),
    "pandas nullable": lambda: pd.DataFrame(columns()).astype("Float64"),
    "pandas arrow": lambda: pd.DataFrame(columns()).astype("float64[pyarrow]"),
    "polars": lambda: pl.DataFrame(columns()),
    "pyarrow": lambda: pa.table(columns()),
    "pyarrow batch": lambda: pa.RecordBatch.from_pydict(columns()),
    "pyarrow chunks": chunked,
    "pyarrow slice": lambda: pa.concat_tables([pa.table({k: np.ones(5) for k in NAMES}), pa.table(columns())]).slice(5),
    "pyarrow combined slice": lambda: chunked().combine_chunks().slice(0, 7),
    "fixed-size list": fixed_size_list,
    "polars array": lambda: pl.DataFrame({"v": pl.Series(X.tolist(), dtype=pl.Array(pl.Float64, 3))}),
}
IN_PLACE = {"numpy", "reversed", "memoryview", "pandas view", "fixed-size list", "polars array"}


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_gives_the_same_rows(name):
    rows = read_rows(SOURCES[name]())
    assert np.array_equal(rows.array, X)
    assert (rows.copied == "") == (name in IN_PLACE), rows.copied


@pytest.mark.parametrize("name", ["numpy", "memoryview", "pandas view"])
def test_rows_are_read_where_they_lie(name):
    assert np.shares_memory(read_rows(SOURCES[name]()).array, X)


def test_arrow_memory_is_read_where_it_lies_and_stays_alive():
    table = fixed_size_list()
    address = table["v"].chunk(0).flatten().buffers()[1].address
    rows = read_rows(table)
    assert rows.array.ctypes.data == address
    del table
    assert np.array_equal(rows.array, X)


@pytest.mark.parametrize("view", [X[1:6], X[::2], X[:, 1:], X[:1], X[:, :1], X.astype(np.float32)[::3, :2]])
def test_views_with_gaps_need_no_copy(view):
    rows = read_rows(view)
    assert rows.copied == "" and rows.array is view
    # and the library sees the same numbers
    labels = ockham.clusters(view, k_max=min(3, len(view)), scale="none").labels
    assert np.array_equal(labels, ockham.clusters(view.copy(), k_max=min(3, len(view)), scale="none").labels)


@pytest.mark.parametrize("view", [X[::-1], X[:, ::-1], X[:, ::2], np.broadcast_to(X[:1], (4, 3))])
def test_other_views_are_copied_once(view):
    rows = read_rows(view)
    assert rows.copied and np.array_equal(rows.array, view)


def test_sliding_windows_overlap_and_are_copied():
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(9.0), 4)
    assert np.array_equal(read_rows(windows).array, windows)


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [("float16", "float32"), ("float32", "float32"), ("int8", "float64"), ("uint64", "float64"), ("bool", "float64")],
)
def test_types_become_floats_that_hold_them(dtype, kept):
    values = np.array([[0, 1], [1, 0], [1, 1]], dtype)
    for source in (values, pl.DataFrame(values), pa.table({"a": values[:, 0], "b": values[:, 1]})):
        rows = read_rows(source)
        assert np.array_equal(rows.array, values) and rows.array.dtype == kept


class Labelled:
    """As of xarray: an array that also has an Arrow stream, of one long column."""

    ndim = 2

    def __array__(self, dtype=None, copy=None):
        return X

    def __arrow_c_stream__(self, requested_schema=None):
        return pa.table({"values": X.ravel()}).__arrow_c_stream__()


class Frame(pd.DataFrame):
    @property
    def _constructor(self):
        return Frame


def test_what_only_looks_like_something_else():
    assert np.array_equal(read_rows(Labelled()).array, X)
    assert np.array_equal(ockham.KMeans(2).fit(Labelled()).labels_, ockham.KMeans(2).fit(X).labels_)
    assert read_rows(Frame(columns(), index=np.arange(7) * 1e4)).column_names == NAMES


def test_names():
    assert read_rows(X).column_names is None and read_rows(X).names() == ["x1", "x2", "x3"]
    for source in ("pandas", "pandas view", "polars", "pyarrow", "pyarrow batch"):
        assert read_rows(SOURCES[source]()).column_names == NAMES
    assert read_rows(fixed_size_list()).column_names == ["v[0]", "v[1]", "v[2]"]
    assert ockham.clusters(SOURCES["polars"](), k_max=2).column_names == NAMES


def test_one_dimension_is_one_column():
    for source in (X[:, 0], pd.Series(X[:, 0], name="a"), pl.Series("a", X[:, 0]), pa.array(X[:, 0]), array.array("d", X[:, 0])):
        assert np.array_equal(read_rows(source).array, X[:, :1])


HOLED = X.copy()
HOLED[3, 1] = np.nan


@pytest.mark.parametrize(
    ("source", "column"),
    [
        (HOLED, ""),
        (pd.DataFrame(HOLED, columns=NAMES), ", column 'b'"),
        (pd.DataFrame(HOLED, columns=NAMES).astype("Float64"), ", column 'b'"),
        (pl.DataFrame(HOLED, schema=NAMES).with_columns(pl.all().fill_nan(None)), ", column 'b'"),
        (pa.table({n: pa.array(HOLED[:, j], from_pandas=True) for j, n in enumerate(NAMES)}), ", column 'b'"),
    ],
)
def test_nan_is_told_with_its_place(source, column):
    with pytest.raises(ockham.DataError, match="Input X contains NaN") as caught:
        ockham.clusters(source)
    assert str(caught.value) == f"Input X contains NaN: X[3, 1]{column}"
    assert (caught.value.row, caught.value.column) == (3, 1)


def test_missing_items_of_lists():
    v = pa.FixedSizeListArray.from_arrays(pa.array([1.0, None, 3.0, 4.0]), 2)
    assert np.array_equal(read_rows(pa.table({"v": v})).array, [[1, np.nan], [3, 4]], equal_nan=True)
    w = pa.array([[1.0, 2.0], None], pa.list_(pa.float64(), 2))
    assert np.isnan(read_rows(pa.table({"w": w})).array[1]).all()


def test_masked_cells_are_missing():
    with pytest.raises(ockham.DataError, match=r"NaN: X\[3, 1\]"):
        ockham.clusters(np.ma.masked_where(np.isnan(HOLED), X))
    table = pa.chunked_array([pa.StructArray.from_arrays([pa.array(X[:, 0])], ["a"], mask=pa.array(np.arange(7) == 2))])
    with pytest.raises(ockham.DataError, match=r"NaN: X\[2, 0\]"):
        ockham.clusters(table)


def test_infinity_is_told():
    infinite = X.copy()
    infinite[6, 2] = -np.inf
    with pytest.raises(ValueError, match=r"infinity or a value too large for float64: X\[6, 2\]"):
        ockham.clusters(infinite)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"good": [1.0, 2.0], "species": ["x", "y"], "day": pd.to_datetime(["2020-01-01"] * 2)}),
        pl.DataFrame({"good": [1.0, 2.0], "species": ["x", "y"], "day": [None, None]}),
        pa.table({"good": [1.0, 2.0], "species": pa.array(["x", "y"]).dictionary_encode(), "day": [[1], [2]]}),
    ],
)
def test_columns_without_numbers_are_named(frame):
    with pytest.raises(ockham.DataError, match=r"columns 'species' \(.+\), 'day' \(.+\): leave out or cast to float64"):
        ockham.clusters(frame)


def test_what_is_no_table():
    scipy_sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="sparse"):
        ockham.clusters(scipy_sparse.csr_matrix(X))
    for bad, words in (
        (np.zeros((2, 2, 2)), "two dimensions, found 3"),
        (5.0, "found a float"),
        (None, "found a NoneType"),
        ("x.csv", "found a str"),
        (pl.LazyFrame({"a": [1.0]}), r"found a LazyFrame: collect\(\) it first"),
        (np.zeros((0, 3)), "0 row"),
        (np.zeros((3, 0)), "0 column"),
        (X.astype(complex), "complex"),
        (np.array([["a", "b"]]), "Expected numbers"),
        ([[1, "a"]], "Expected numbers"),
        ([[1, None], [object(), 2]], "Expected numbers"),
    ):
        with pytest.raises(ockham.DataError, match=words):
            ockham.clusters(bad)


@pytest.mark.parametrize("n_nulls", [0, 1])
@pytest.mark.parametrize("kind", ["float64", "int32", "bool"])
def test_slices_of_one_column(kind, n_nulls):
    values = [bool(i % 3) if kind == "bool" else i for i in range(20)]
    if n_nulls:
        values[7] = None
    expected = np.array([[np.nan if v is None else float(v)] for v in values])
    array = pa.array(values, pa.bool_() if kind == "bool" else getattr(pa, kind)())
    series = pl.Series(values, dtype={"float64": pl.Float64, "int32": pl.Int32, "bool": pl.Boolean}[kind])
    for start in (0, 2, 9):
        sources = (pa.chunked_array([array]).slice(start), pa.chunked_array([array.slice(start)]), series.slice(start))
        for source in (*sources, pa.table({"a": array.slice(start)}), pa.table({"a": array}).slice(start)):
            assert np.array_equal(read_rows(source).array, expected[start:], equal_nan=True)


def test_slices_of_lists():
    items = pa.array([float(i) if i != 5 else None for i in range(18)])
    lists = pa.FixedSizeListArray.from_arrays(items, 3)
    expected = np.arange(18.0).reshape(6, 3)
    expected[1, 2] = np.nan
    for start in (0, 1, 2):
        rows = read_rows(pa.table({"v": lists}).slice(start))
        assert np.array_equal(rows.array, expected[start:], equal_nan=True)
        assert (rows.copied == "") == (start > 1)  # in place where none is missing


def test_finite_values_that_are_too_large_are_told_as_such():
    for far in ([[1e200, 1.0], [2.0, 3.0], [4.0, 5.0]], [[1e160], [2.0], [4.0]]):
        with pytest.raises(ockham.DataError) as caught:
            ockham.clusters(far, scale="none")
        assert "infinity" not in str(caught.value)


def test_weights():
    for bad, words in ((np.ones(6), "7 numbers"), (np.ones((7, 1)), "7 numbers"), (0.0, "zero for all rows")):
        with pytest.raises(ValueError, match=words):
            ockham.clusters(X, weights=bad)
    assert ockham.clusters(X, weights=2.0, k_max=3).model.weights.sum() == 14
    with pytest.raises(ValueError, match="weight"):
        ockham.clusters(X, weights=[1, 1, 1, -1, 1, 1, 1])
