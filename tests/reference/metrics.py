# SPDX-License-Identifier: MIT
"""Reference values of the metrics, from scikit-learn.

Run with a Python that has it (Debian: /usr/bin/python3 with python3-sklearn):

    python3 tests/reference/metrics.py

It writes metrics.txt beside itself: outputs Y, targets Z and weights of a problem of classes, of
yes and no, and of regression, then values without and with weights (_w), of classes too.
"""
import pathlib
import warnings

import numpy as np
from sklearn import metrics as m

warnings.simplefilter("error")
warnings.filterwarnings("ignore", category=m._classification.UndefinedMetricWarning)
rng = np.random.default_rng(12)
file = open(pathlib.Path(__file__).parent / "metrics.txt", "w")


def write(key, value):
    value = np.atleast_2d(np.asarray(value, dtype=float))
    file.write(f"{key} {value.shape[0]} {value.shape[1]}\n")
    file.write(" ".join(repr(x) for x in value.T.ravel().tolist()) + "\n")


def column(values):
    return np.reshape(values, (-1, 1))


def softmax(a):
    e = np.exp(a - a.max(axis=0))
    return e / e.sum(axis=0)


# Four classes, the last never predicted; some outputs are equal; every seventh sample is masked.
n = 90
labels = rng.integers(0, 4, n)
net = rng.normal(size=(4, n)).round(1)
net[labels, np.arange(n)] += 1
net[3] -= 9
Y = softmax(net)
weights = rng.uniform(0, 3, n)
weights[::7] = 0
write("classes_Y", Y)
write("classes_Z", np.eye(4)[:, labels])
write("classes_weights", column(weights))
predicted = Y.argmax(axis=0)
every = {"labels": range(4), "zero_division": 0}
for tail, w in (("", None), ("_w", weights)):
    write("confusion" + tail, m.confusion_matrix(labels, predicted, labels=range(4), sample_weight=w))
    write("accuracy" + tail, m.accuracy_score(labels, predicted, sample_weight=w))
    for average, name in ((None, "each"), ("macro", "macro")):
        p, r, f, _ = m.precision_recall_fscore_support(labels, predicted, average=average,
                                                       sample_weight=w, **every)
        for key, value in (("precision", p), ("recall", r), ("f1", f)):
            write(f"{key}_{name}{tail}", column(value))
    write("auc_macro" + tail, m.roc_auc_score(labels, Y.T, multi_class="ovr", sample_weight=w))
    write("auc_each" + tail,
          column([m.roc_auc_score(labels == k, Y[k], sample_weight=w) for k in range(4)]))
    write("bits" + tail, m.log_loss(labels, Y.T, labels=range(4), sample_weight=w) / np.log(2))

# Yes and no, one output, with equal outputs.
yes = rng.integers(0, 2, n)
y = (0.3 * yes + rng.uniform(0.01, 0.69, n)).round(2)
write("binary_Y", y)
write("binary_Z", yes)
for tail, w in (("", None), ("_w", weights)):
    write("binary_auc" + tail, m.roc_auc_score(yes, y, sample_weight=w))
    write("binary_bits" + tail, m.log_loss(yes, y, sample_weight=w) / np.log(2))
    write("binary_accuracy" + tail, m.accuracy_score(yes, y > 0.5, sample_weight=w))
    write("binary_f1" + tail, m.f1_score(yes, y > 0.5, sample_weight=w))

# Regression, three outputs, the second far from 0, the third with constant targets.
Z = rng.normal(size=(3, n)) * [[1], [0.5], [0]] + [[0], [1e6], [2]]
Y = Z + rng.normal(size=(3, n)) * [[0.3], [0.6], [0.1]]
write("regression_Y", Y)
write("regression_Z", Z)
for tail, w in (("", None), ("_w", weights)):
    mse = m.mean_squared_error(Z.T, Y.T, multioutput="raw_values", sample_weight=w)
    write("mae" + tail,
          column(m.mean_absolute_error(Z.T, Y.T, multioutput="raw_values", sample_weight=w)))
    write("rmse" + tail, column(m.mean_squared_error(Z.T, Y.T, multioutput="raw_values",
                                                     sample_weight=w, squared=False)))
    write("rmse_mean" + tail, m.mean_squared_error(Z.T, Y.T, sample_weight=w, squared=False))
    write("r2" + tail, column(m.r2_score(Z.T, Y.T, multioutput="raw_values", sample_weight=w)))
    write("r2_mean" + tail, m.r2_score(Z.T, Y.T, sample_weight=w))
    spread = np.sqrt(np.average((Z - np.average(Z, axis=1, weights=w)[:, None]) ** 2, axis=1,
                                weights=w))
    write("nrmse" + tail, column((np.sqrt(mse) / np.where(spread > 0, spread, 1))[:2]))
    inside = (Y - 0.5 <= Z) & (Z <= Y + 0.4)
    write("coverage" + tail, column([m.accuracy_score(np.ones(n), i, sample_weight=w)
                                     for i in inside]))
file.close()
