# SPDX-License-Identifier: Apache-2.0
"""The README's Python lines run, and print what it says."""

import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT


def blocks():
    """Each ```python block with the output that follows it."""
    section = (ROOT / "README.md").read_text().split("## From Python")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", section, re.S)


def test_readme(tmp_path):
    command = os.environ.get("OCKHAM_COMMAND")
    if not command:
        pytest.skip("OCKHAM_COMMAND does not name the command that generates the README's table")
    make = [command, *"generate blobs -k 7 --rows 200 --min-distance 0.4 --output blobs.csv".split()]
    subprocess.run(make, check=True, cwd=tmp_path)
    assert len(blocks()) == 2
    script, expected = ("".join(parts) for parts in zip(*blocks()))
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout == expected
    assert {"blobs.png", "blobs.html", "blobs.model"} <= {path.name for path in tmp_path.iterdir()}
