# SPDX-License-Identifier: MIT
"""Reads and writes safetensors files with NumPy alone, and the description of a network in them.

Source of the format: github.com/huggingface/safetensors.
"""
import json
import math
import os

import numpy

TYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U8": "u1", "BOOL": "?"}


def read(path):
    """The arrays by name, and the metadata."""
    with open(path, "rb") as file:
        content = file.read()
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > len(content) - 8:
        raise ValueError(f"{path}: is no safetensors file, or cut off")
    header = json.loads(content[8:8 + length])
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = (8 + length + n for n in entry["data_offsets"])
        numbers = numpy.frombuffer(content[begin:end], TYPES[entry["dtype"]])
        if numbers.size != math.prod(entry["shape"]):
            raise ValueError(f"{path}: {name} has {numbers.size} numbers, its shape is "
                             f"{entry['shape']}")
        arrays[name] = numbers.reshape(entry["shape"])
    return arrays, metadata


def write(path, arrays, metadata):
    """Arrays of wider types first, the data at a multiple of 8 bytes."""
    names = {numpy.dtype(code): name for name, code in TYPES.items()}
    header, data = {"__metadata__": metadata}, b""
    for name, array in sorted(arrays.items(), key=lambda item: -item[1].itemsize):
        numbers = numpy.ascontiguousarray(array)
        begin, data = len(data), data + numbers.tobytes()
        header[name] = {"dtype": names[numbers.dtype], "shape": list(array.shape),
                        "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path + ".tmp", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)
    os.replace(path + ".tmp", path)


def read_model(path):
    """The arrays and the description of a network that backfold::save has written."""
    arrays, metadata = read(path)
    if "backfold" not in metadata:
        raise ValueError(f"{path}: describes no network")
    model = json.loads(metadata["backfold"])
    if model["format"] != 1:
        raise ValueError(f"{path}: its model has the format {model['format']}, expected 1")
    return arrays, model


def write_model(path, arrays, model):
    write(path, arrays, {"backfold": json.dumps(model)})
