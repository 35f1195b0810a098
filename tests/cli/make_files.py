# SPDX-License-Identifier: Apache-2.0
"""Write the table people.csv (height, weight, group) in other formats, by hand or with Python's own libraries."""
import csv
import sqlite3
import struct

with open("people.csv", newline="") as file:
    header, *rows = csv.reader(file)
numbers = [(float(height), float(weight)) for height, weight, _ in rows]


def write_npy(path, descr, cells, fortran=False, version=1):
    """The format of numpy.lib.format, versions 1.0 and 2.0."""
    text = str({"descr": descr, "fortran_order": fortran, "shape": (len(numbers), 2)})
    size = 2 if version == 1 else 4
    padding = -(8 + size + len(text) + 1) % 64
    text = (text + " " * padding + "\n").encode("ascii")
    code = {"<f8": "<d", ">f8": ">d", "<f4": "<f"}[descr]
    with open(path, "wb") as out:
        out.write(b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text)
        out.write(b"".join(struct.pack(code, cell) for cell in cells))


by_row = [cell for row in numbers for cell in row]
by_column = [row[j] for j in range(2) for row in numbers]
write_npy("c.npy", "<f8", by_row)
write_npy("fortran.npy", "<f8", by_column, fortran=True)
write_npy("big.npy", ">f8", by_row, version=2)
write_npy("single.npy", "<f4", by_row)

with sqlite3.connect("people.db") as database:
    database.execute("create table people (height real, weight real, grp text)")
    database.executemany("insert into people values (?, ?, ?)", [(*n, row[2]) for n, row in zip(numbers, rows)])
    database.execute("create table other (x integer)")
    database.executemany("insert into other values (?)", [(1,), (2,), (11,), (12,)])

try:
    import h5py

    with h5py.File("people.h5", "w") as file:
        file["a/people"] = numbers
        file["other"] = [[1.0], [2.0], [11.0], [12.0]]
    with h5py.File("single.h5", "w") as file:
        file["people"] = numbers
except ImportError:
    pass
