# SPDX-License-Identifier: Apache-2.0
"""The generated bindings are what the headers say, and what a C compiler lays out."""

import ctypes
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

from ockham import _ffi

GENERATOR = [sys.executable, str(ROOT / "tools/gen_ffi")]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(autouse=True)
def needs_clang():
    if not shutil.which("clang-14"):
        pytest.skip("there is no clang-14, with which tools/gen_ffi reads the headers")


def test_bindings_are_those_of_the_headers():
    assert run(*GENERATOR, "--check") == ""


def test_structs_are_laid_out_as_in_c(tmp_path):
    source, program = tmp_path / "layout.c", tmp_path / "layout"
    source.write_text(run(*GENERATOR, "--layout"))
    run("cc", "-I", str(ROOT / "include"), str(source), "-o", str(program))
    lines = run(str(program)).splitlines()
    assert len(lines) > 150
    for line in lines:
        name, value = line.split()
        struct, _, field = name.partition(".")
        kind = getattr(_ffi, struct)
        assert (getattr(kind, field).offset if field else ctypes.sizeof(kind)) == int(value), name
