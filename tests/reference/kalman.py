# SPDX-License-Identifier: MIT
"""Steps of an extended Kalman filter over the parameters of small networks.

The Jacobians are by PyTorch's autograd, the filter is written with inverses as in the textbooks:

    S = R + H P H',  K = P H' inv(S),  w <- w + K (z - y),  P <- (P - K H P)/lambda + q I

Run with a Python that has torch (Debian: /usr/bin/python3):

    python3 tests/reference/kalman.py

It writes kalman.txt beside itself.
"""
import torch

from networks import here

torch.manual_seed(1)
steps = 12
chunks = ["# made by kalman.py"]


def write(key, value):
    value = value.reshape(len(value), -1)
    chunks.append(f"{key} {value.shape[0]} {value.shape[1]}")
    chunks.append(" ".join(repr(float(v)) for v in value.T.reshape(-1)))


def network(w, x):
    """2-3-2, tanh and linear: each layer's weights column by column, then its biases."""
    x = torch.tanh(w[:6].reshape(2, 3).T @ x + w[6:9])
    return w[9:15].reshape(3, 2).T @ x + w[15:17]


def groups(coupling):
    if coupling == "global":
        return [list(range(17))]
    if coupling == "layer":
        return [list(range(9)), list(range(9, 17))]
    return [list(range(i, 9, 3)) for i in range(3)] + [list(range(i, 17, 2)) for i in (9, 10)]


w0 = torch.rand(17) - 0.5
X = torch.rand(2, steps) * 2 - 1
Z = torch.stack([X[0] * X[1], torch.sin(2 * X[0])])
write("w0", w0)
write("X", X)
write("Z", Z)
for coupling in ("global", "layer", "node"):
    w, P = w0.clone(), 2.0 * torch.eye(17)
    coupled = torch.zeros(17, 17)
    for group in groups(coupling):
        for i in group:
            coupled[i, group] = 1
    q, forgetting, R = 1e-3, 0.98, torch.diag(torch.tensor([0.05, 0.2]))
    path = []
    for t in range(steps):
        y = network(w, X[:, t])
        H = torch.autograd.functional.jacobian(lambda v: network(v, X[:, t]), w)
        S = R + H @ P @ H.T
        K = P @ H.T @ torch.linalg.inv(S)
        w = w + K @ (Z[:, t] - y)
        P = coupled * (P - K @ H @ P) / forgetting + q * torch.eye(17)
        q = max(q * 0.7, 1e-4)
        path.append(w)
    write(f"{coupling}.w", torch.stack(path, 1))
    write(f"{coupling}.P", P)
(here / "kalman.txt").write_text("\n".join(chunks) + "\n")
