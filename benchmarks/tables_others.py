# SPDX-License-Identifier: MIT
"""FANN and scikit-learn on the tables of examples/tables.cpp: 32 hidden units, the same files.

usage: tables_others.py OUTPUT.csv SEEDS [SET ...]
Needs python3-sklearn, libfann2 and libfann-doc. Numbers are taken as the files have them, most between
0 and 1. FANN: Rprop, 300 epochs; scikit-learn: MLPClassifier or
MLPRegressor, Adam, 400 epochs, tol=0. Writes a row (set, library, seed, error) for each run.
"""
import ctypes
import ctypes.util
import pathlib
import sys
import tempfile
import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

FOLDER = pathlib.Path("/usr/share/doc/libfann-dev/examples/datasets")
CLASSES = ["diabetes", "thyroid", "gene", "soybean", "mushroom", "robot", "two-spiral"]
NUMBERS = ["building", "abelone", "kin32fm", "pumadyn-32fm", "bank32nh"]


def read(path):
    numbers = path.read_text().split()
    n, inputs, outputs = map(int, numbers[:3])
    rows = np.array(numbers[3:], float)[:n * (inputs + outputs)].reshape(n, inputs + outputs)
    return rows[:, :inputs], rows[:, inputs:]


def error(name, y, z):
    if name in NUMBERS:
        return np.mean(np.sqrt(np.mean((y - z) ** 2, 0) / np.var(z, 0)))
    if z.shape[1] == 1:
        return 100 * np.mean((y > 0.5) != (z > 0.5))
    return 100 * np.mean(y.argmax(1) != z.argmax(1))


def run_sklearn(name, seed, x, z, x_test):
    kind = MLPRegressor if name in NUMBERS else MLPClassifier
    net = kind((32,), max_iter=400, tol=0, random_state=seed)
    if name in NUMBERS:
        return net.fit(x, z.ravel() if z.shape[1] == 1 else z).predict(x_test).reshape(
            len(x_test), -1)
    labels = z[:, 0] > 0.5 if z.shape[1] == 1 else z.argmax(1)
    p = net.fit(x, labels).predict_proba(x_test)
    if z.shape[1] == 1:
        return p[:, 1:]
    y = np.zeros((len(x_test), z.shape[1]))
    y[:, net.classes_] = p
    return y


def run_fann(name, seed, x, z, x_test):
    fann = ctypes.CDLL(ctypes.util.find_library("fann"))
    for function in ("fann_create_standard", "fann_read_train_from_file"):
        getattr(fann, function).restype = ctypes.c_void_p
    fann.fann_run.restype = ctypes.POINTER(ctypes.c_float)
    with tempfile.NamedTemporaryFile("w", suffix=".train") as file:
        file.write(f"{len(x)} {x.shape[1]} {z.shape[1]}\n")
        for a, b in zip(x, z):
            file.write(" ".join(map(repr, a.tolist())) + "\n" + " ".join(map(repr, b.tolist())) + "\n")
        file.flush()
        data = ctypes.c_void_p(fann.fann_read_train_from_file(file.name.encode()))
    net = ctypes.c_void_p(fann.fann_create_standard(3, x.shape[1], 32, z.shape[1]))
    fann.fann_set_activation_function_hidden(net, 5)  # FANN_SIGMOID_SYMMETRIC
    fann.fann_set_activation_function_output(net, 0 if name in NUMBERS else 3)
    ctypes.CDLL(None).srand(seed)
    fann.fann_randomize_weights(net, ctypes.c_float(-0.1), ctypes.c_float(0.1))
    fann.fann_train_on_data(net, data, 300, 0, ctypes.c_float(0))
    y = np.empty((len(x_test), z.shape[1]))
    for i, row in enumerate(x_test.astype(np.float32)):
        output = fann.fann_run(net, row.ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
        y[i] = output[:z.shape[1]]
    fann.fann_destroy_train(data)
    fann.fann_destroy(net)
    return y


def main():
    warnings.simplefilter("ignore")
    seeds = int(sys.argv[2])
    with open(sys.argv[1], "w") as output:
        output.write("set,library,seed,error\n")
        for name in sys.argv[3:] or CLASSES + NUMBERS:
            x, z = read(FOLDER / f"{name}.train")
            x_test, z_test = read(FOLDER / f"{name}.test")
            for seed in range(1, seeds + 1):
                for library, run in (("FANN", run_fann), ("scikit-learn", run_sklearn)):
                    wrong = error(name, run(name, seed, x, z, x_test), z_test)
                    output.write(f"{name},{library},{seed},{wrong:.6g}\n")
                    output.flush()


main()
