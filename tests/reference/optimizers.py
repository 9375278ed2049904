# SPDX-License-Identifier: MIT
"""Reference paths of the optimizers: 40 steps of each on two functions.

Written in 50 digits with mpmath from the formulas of the papers; torch.optim is held against that
wherever it has the form. Run with a Python that has torch and mpmath (Debian: /usr/bin/python3):

    python3 tests/reference/optimizers.py

It writes optimizers.txt beside itself.
"""
import pathlib

import torch
from mpmath import mp, mpf, sqrt, tanh

mp.dps = 50
torch.set_default_dtype(torch.float64)
steps = 40


def rosenbrock(w):  # the gradient of (1 − x)² + (y − x²)²
    x, y = w
    return [-2 * (1 - x) - 4 * x * (y - x * x), 2 * (y - x * x)]


def valley(w):
    # Σ c_i log cosh(w_i − i) with c from 0.1 to 10
    return [mpf(10) ** (i - 1) * tanh(w[i] - i) if i < 3 else mpf(i) / 10 * tanh(w[i] - i)
            for i in range(5)]


def rosenbrock_torch(w):
    return (1 - w[0]) ** 2 + (w[1] - w[0] ** 2) ** 2


def valley_torch(w):
    c = torch.tensor([0.1, 1.0, 10.0, 0.3, 0.4])
    return (c * torch.log(torch.cosh(w - torch.arange(5)))).sum()


functions = {
    "rosenbrock": (rosenbrock, rosenbrock_torch, ["-1.2", "1"]),
    "valley": (valley, valley_torch, ["1", "-1", "3", "0.5", "6"]),
}
eps = mpf("0.01")


def sgd(w, g, s, t):
    return [wi - mpf("0.02") * gi for wi, gi in zip(w, g(w))]


def momentum(w, g, s, t):
    s["d"] = [-mpf("0.02") * gi + mpf("0.8") * d for gi, d in zip(g(w), s.get("d", [0] * len(w)))]
    return [wi + d for wi, d in zip(w, s["d"])]


def nesterov(w, g, s, t):
    d = s.get("d", [mpf(0)] * len(w))
    ahead = [wi + mpf("0.8") * di for wi, di in zip(w, d)]
    s["d"] = [-mpf("0.02") * gi + mpf("0.8") * di for gi, di in zip(g(ahead), d)]
    return [wi + di for wi, di in zip(w, s["d"])]


def rms_prop(inside):
    def step(w, g, s, t):
        gamma = mpf("0.9")
        gs = g(w)
        s["v"] = [gamma * v + (1 - gamma) * gi ** 2
                  for gi, v in zip(gs, s.get("v", [0] * len(w)))]
        return [wi - mpf("0.02") * gi / (sqrt(v + eps) if inside else sqrt(v) + eps)
                for wi, gi, v in zip(w, gs, s["v"])]
    return step


def adam(inside, decay=mpf(0)):
    def step(w, g, s, t):
        b1, b2, rate = mpf("0.9"), mpf("0.99"), mpf("0.05")
        gs = g(w)
        zero = [0] * len(w)
        s["m"] = [b1 * m + (1 - b1) * gi for gi, m in zip(gs, s.get("m", zero))]
        s["v"] = [b2 * v + (1 - b2) * gi ** 2 for gi, v in zip(gs, s.get("v", zero))]
        result = []
        for wi, m, v in zip(w, s["m"], s["v"]):
            mhat, vhat = m / (1 - b1 ** t), v / (1 - b2 ** t)
            root = sqrt(vhat + eps) if inside else sqrt(vhat) + eps
            result.append(wi * (1 - rate * decay) - rate * mhat / root)
        return result
    return step


def rprop(w, g, s, t):
    gs = g(w)
    zero = [mpf(0)] * len(w)
    before, size = s.get("g", zero), s.get("size", [mpf("0.05")] * len(w))
    sign = lambda x: (x > 0) - (x < 0)
    result, kept, sizes = [], [], []
    for wi, gi, bi, di in zip(w, gs, before, size):
        agree = sign(gi) * sign(bi)
        di = min(max(di * (mpf("1.2") if agree > 0 else mpf("0.5") if agree < 0 else 1),
                     mpf("1e-6")), mpf(50))
        gi = gi if agree >= 0 else mpf(0)
        result.append(wi - sign(gi) * di)
        kept.append(gi)
        sizes.append(di)
    s["g"], s["size"] = kept, sizes
    return result


def adam_torch(kind, **settings):
    return lambda w: kind([w], lr=0.05, betas=(0.9, 0.99), eps=0.01, **settings)


optimizers = {
    "sgd": (sgd, lambda w: torch.optim.SGD([w], lr=0.02)),
    "momentum": (momentum, lambda w: torch.optim.SGD([w], lr=0.02, momentum=0.8)),
    "nesterov": (nesterov, None),
    "rms_prop_inside": (rms_prop(True), None),
    "rms_prop_outside": (rms_prop(False),
                         lambda w: torch.optim.RMSprop([w], lr=0.02, alpha=0.9, eps=0.01)),
    "adam_inside": (adam(True), None),
    "adam_outside": (adam(False), adam_torch(torch.optim.Adam)),
    "adam_w_inside": (adam(True, mpf("0.1")), None),
    "adam_w_outside": (adam(False, mpf("0.1")), adam_torch(torch.optim.AdamW, weight_decay=0.1)),
    "rprop": (rprop, lambda w: torch.optim.Rprop([w], lr=0.05)),
}

with open(pathlib.Path(__file__).parent / "optimizers.txt", "w") as file:
    for name, (step, in_torch) in optimizers.items():
        for function, (gradient, objective, first) in functions.items():
            w, state, path = [mpf(x) for x in first], {}, []
            for t in range(1, steps + 1):
                w = step(w, gradient, state, t)
                path.append(w)
            if in_torch:
                v = torch.tensor([float(x) for x in first], requires_grad=True)
                optimizer = in_torch(v)
                for _ in range(steps):
                    optimizer.zero_grad()
                    objective(v).backward()
                    optimizer.step()
                difference = max(abs(float(a) - b) for a, b in zip(w, v.tolist()))
                assert difference < 1e-11, (name, function, difference)
            file.write(f"{name}_{function} {len(w)} {steps}\n")
            file.write(" ".join(repr(float(x)) for point in path for x in point) + "\n")
