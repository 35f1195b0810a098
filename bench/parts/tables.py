# SPDX-License-Identifier: Apache-2.0
"""The tables, made from fixed seeds, as NPY files; and the inertia of anybody's centres on them."""
import concurrent.futures
import os
import pathlib

import numpy as np

DATA = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "known-k"
CHUNK = 1 << 20  # rows made at a time


def blobs(path, n, d, k, sd, dtype="f8", seed=0):
    """Gaussian clusters that overlap: centres uniform in a cube of side 20. Made in chunks, for 10^7 rows too."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-10, 10, (k, d)).astype(dtype)
    table = np.lib.format.open_memmap(path, "w+", dtype, (n, d))
    for start in range(0, n, CHUNK):
        block = table[start : start + CHUNK]
        block[:] = centres[rng.integers(0, k, len(block))]
        block += np.dtype(dtype).type(sd) * rng.standard_normal(block.shape, dtype)
    table.flush()


def s_set3(path):
    np.save(path, np.loadtxt(DATA / "s-set3.csv", delimiter=",", skiprows=1))


def grid(path, n=100_000, side=10, sd=0.15):
    rng = np.random.default_rng(0)
    np.save(path, rng.integers(0, side, (n, 2)) + rng.normal(0, sd, (n, 2)))


def noise(path, n=100_000, d=8):
    np.save(path, np.random.default_rng(0).uniform(0, 1, (n, d)))


def embedding(path, n=20_000, d=768, k=40, latent=64):
    """Rows of length 1 about k topics in a latent space whose spectrum falls, as embeddings of text have it."""
    rng = np.random.default_rng(0)
    spectrum = np.arange(1, latent + 1) ** -0.5
    topics = rng.normal(size=(k, latent))
    inner = (topics[rng.integers(0, k, n)] + 1.2 * rng.normal(size=(n, latent))) * spectrum
    x = inner @ rng.normal(size=(latent, d)) / np.sqrt(latent) + 0.05 * rng.normal(size=(n, d))
    np.save(path, (x / np.linalg.norm(x, axis=1, keepdims=True)).astype("f4"))


# ---- inertia ----


def inertia(table, centres, rows=4096):
    """Sum over the rows of the squared distance to the nearest centre, in float64: the nearest by a matrix product about
    the mean of the centres, the distance itself from the differences."""
    middle, total = centres.mean(axis=0), 0.0
    moved = centres - middle
    squares = np.einsum("ij,ij->i", moved, moved)
    for start in range(0, len(table), rows):
        x = np.asarray(table[start : start + rows], dtype="f8") - middle
        nearest = (squares - 2 * (x @ moved.T)).argmin(axis=1)
        x -= moved[nearest]
        total += np.einsum("ij,ij->", x, x)
    return float(total)


def inertias(path, centres):
    """Of several sets of centres, as they are asked for; numpy releases the lock, so threads serve."""
    table = np.load(path, mmap_mode="r")
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(lambda c: inertia(table, c), centres))
