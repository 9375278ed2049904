# SPDX-License-Identifier: MIT
"""Minima found by scipy's L-BFGS-B, of functions of the literature and of errors of small networks.

Of each problem: the start, E there, the minimiser and E there, and how often L-BFGS-B (10 pairs, as
ours) called the function. The minimisers of the functions are known; those of the networks are
brought to rounding by scipy.optimize.root on the gradient. BFGS, with another line search, has to
end at the same E. Run with a Python that has numpy and scipy (Debian: /usr/bin/python3):

    python3 tests/reference/lbfgs.py

It writes lbfgs.txt beside itself.
"""
import pathlib

import numpy as np
from scipy.optimize import approx_fprime, minimize, root

chunks = ["# made by lbfgs.py"]


def write(key, value):
    value = np.asarray(value, dtype=float)
    value = value.reshape(len(value), -1) if value.ndim else value.reshape(1, 1)
    chunks.append(f"{key} {value.shape[0]} {value.shape[1]}")
    chunks.append(" ".join(repr(float(v)) for v in value.T.reshape(-1)))


def rosenbrock(w):
    a, b = w[1:] - w[:-1] ** 2, 1 - w[:-1]
    g = np.zeros_like(w)
    g[:-1] = -400 * a * w[:-1] - 2 * b
    g[1:] += 200 * a
    return (100 * a ** 2 + b ** 2).sum(), g


def beale(w):
    x, y = w
    powers = np.array([y, y ** 2, y ** 3])
    r = np.array([1.5, 2.25, 2.625]) - x * (1 - powers)
    dy = x * np.array([1, 2 * y, 3 * y ** 2])
    return r @ r, np.array([-2 * r @ (1 - powers), 2 * r @ dy])


def wood(w):
    a, b, c, d = w
    u, v, p, q = b - a * a, d - c * c, b + d - 2, b - d
    E = 100 * u ** 2 + (1 - a) ** 2 + 90 * v ** 2 + (1 - c) ** 2 + 10 * p ** 2 + q ** 2 / 10
    return E, np.array([-400 * a * u - 2 * (1 - a), 200 * u + 20 * p + q / 5,
                        -360 * c * v - 2 * (1 - c), 180 * v + 20 * p - q / 5])


def powell(w):
    """Powell's singular function: its Hessian at the minimum has rank 2 of 4."""
    a, b, c, d = w
    p, q, r, s = a + 10 * b, c - d, b - 2 * c, a - d
    return (p ** 2 + 5 * q ** 2 + r ** 4 + 10 * s ** 4,
            np.array([2 * p + 40 * s ** 3, 20 * p + 4 * r ** 3, 10 * q - 8 * r ** 3,
                      -10 * q - 40 * s ** 3]))


def mlp(X, Z, sizes, is_class):
    """Mean error of a net with tanh below: each layer's [W | b], column by column."""
    def parts(w):
        result, at = [], 0
        for fan_in, units in zip(sizes, sizes[1:]):
            n = units * (fan_in + 1)
            result.append(w[at:at + n].reshape(fan_in + 1, units).T)
            at += n
        return result

    def error(w):
        xs, layers = [X], parts(w)
        ones = np.ones((1, X.shape[1]))
        for j, W in enumerate(layers):
            net = W @ np.vstack([xs[-1], ones])
            xs.append(np.tanh(net) if j + 1 < len(layers) else net)
        y = xs[-1]
        if is_class:
            E = (np.logaddexp(0, y) - y * Z).sum()
            delta = 1 / (1 + np.exp(-y)) - Z
        else:
            E = ((y - Z) ** 2).sum() / 2
            delta = y - Z
        g = []
        for j in reversed(range(len(layers))):
            g.insert(0, (delta @ np.vstack([xs[j], ones]).T).T.reshape(-1))
            delta = (layers[j][:, :-1].T @ delta) * (1 - xs[j] ** 2)
        n = X.shape[1]
        return E / n, np.concatenate(g) / n
    return error


def recorded(name, function, start, minimiser=None):
    start = np.asarray(start, dtype=float)
    E, g = function(start)
    differences = approx_fprime(start, lambda w: function(w)[0], 1e-7)
    assert np.abs(differences - g).max() < 1e-3 * (1 + np.abs(g).max()), name
    found = minimize(function, start, jac=True, method="L-BFGS-B",
                     options={"maxcor": 10, "gtol": 1e-8, "ftol": 2.3e-16, "maxiter": 1000,
                              "maxfun": 10000})
    if minimiser is None:
        polished = root(lambda w: function(w)[1], found.x, method="hybr", tol=1e-15)
        minimiser = polished.x
        assert np.abs(function(minimiser)[1]).max() < 1e-14, name
        assert np.abs(minimiser - found.x).max() < 1e-5, name
    minimiser = np.asarray(minimiser, dtype=float)
    at_minimum = function(minimiser)[0]
    other = minimize(function, start, jac=True, method="BFGS", options={"gtol": 1e-8})
    assert max(found.fun, other.fun) - at_minimum < 1e-9, (name, found.fun, other.fun, at_minimum)
    print(f"{name}: {found.nfev} evaluations, BFGS {other.nfev}, E = {at_minimum:.3g}, "
          f"error in w {np.abs(found.x - minimiser).max():.1e}")
    for key, value in (("start", start), ("E_start", E), ("w", minimiser), ("E", at_minimum),
                       ("evaluations", found.nfev)):
        write(f"{name}.{key}", value)


recorded("rosenbrock_2", rosenbrock, [-1.2, 1], [1, 1])
recorded("rosenbrock_10", rosenbrock, [1.3, 0.7, 0.8, 1.9, 1.2] * 2, [1] * 10)
recorded("beale", beale, [1, 1], [3, 0.5])
recorded("wood", wood, [-3, -1, -3, -1], [1] * 4)
recorded("powell", powell, [3, -1, 0, 1], [0] * 4)

random = np.random.default_rng(1)
X = random.uniform(-1, 1, (3, 40))
Z = (random.uniform(0, 1, (1, 40)) < 1 / (1 + np.exp(-np.array([[2, -1, 0.5]]) @ X - 0.3)))
write("logistic.X", X)
write("logistic.Z", Z)
recorded("logistic", mlp(X, Z, [3, 1], True), np.zeros(4))

random = np.random.default_rng(3)  # others end in valleys whose floor BFGS and L-BFGS-B do not reach
X = random.uniform(-1, 1, (2, 40))
Z = np.stack([X[0] * X[1], np.sin(2 * X[0])]) + 0.2 * random.standard_normal((2, 40))
write("network.X", X)
write("network.Z", Z)
recorded("network", mlp(X, Z, [2, 3, 2], False), random.uniform(-0.5, 0.5, 17))
pathlib.Path(__file__).with_suffix(".txt").write_text("\n".join(chunks) + "\n")
