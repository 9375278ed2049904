# SPDX-License-Identifier: MIT
"""Small .npy files as NumPy writes them, for the reader of data/npy.hpp.

Run with a Python that has NumPy (Debian: /usr/bin/python3):

    python3 tests/reference/npy.py

It writes npy/*.npy beside itself. Each holds the numbers i − 2j (rows i, columns j; of unsigned
types i + 2j; of bool whether i + j is odd), in a shape that its name tells.
"""
import pathlib

import numpy as np
from numpy.lib import format as npy

folder = pathlib.Path(__file__).parent / "npy"
folder.mkdir(exist_ok=True)


def numbers(rows, cols, kind):
    i, j = np.mgrid[:rows, :cols]
    return (i + j) % 2 if kind == "b" else i + 2 * j if kind == "u" else i - 2 * j


def save(name, array, version=None):
    with open(folder / (name + ".npy"), "wb") as file:
        npy.write_array(file, array, version=version)


for kind, sizes in {"b": [1], "i": [1, 2, 4, 8], "u": [1, 2, 4, 8], "f": [4, 8]}.items():
    for size in sizes:
        for order, order_name in (("<", "little"), (">", "big")) if size > 1 else (("|", "little"),):
            array = numbers(3, 4, kind).astype(np.dtype(f"{order}{kind}{size}"))
            save(f"{kind}{size}_{order_name}_c", array)
            save(f"{kind}{size}_{order_name}_f", np.asfortranarray(array))

f8 = numbers(3, 4, "f").astype("<f8")
for version in ((1, 0), (2, 0), (3, 0)):
    save(f"version_{version[0]}", f8, version)
save("zero_d", np.array(7.5))
save("one_d", np.arange(5, dtype="<f4"))
save("one_row", f8[:1])
save("one_column", np.ascontiguousarray(f8[:, :1]))
save("no_rows", np.zeros((0, 3)))
save("special", np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308]))
save("large_integers", np.array([2**63 - 1, -2**63, 300], dtype="<i8"))
# What is refused.
save("half", np.zeros(3, dtype="<f2"))
save("complex", np.zeros(3, dtype="<c8"))
save("text", np.array(["ab", "c"]))
save("records", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
save("three_d", np.zeros((2, 2, 2)))
with open(folder / "objects.npy", "wb") as file:
    npy.write_array(file, np.array([{}, None], dtype=object), allow_pickle=True)
