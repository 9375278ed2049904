# SPDX-License-Identifier: MIT
"""Recurrent dropout (Gal & Ghahramani 2016) by PyTorch, each mask multiplied by hand.

    python3 tests/reference/recurrent_dropout.py

It writes sequences/recurrent_dropout_*.txt beside itself. The masks come from a Philox4x32-10 of its
own, so that they hold the library's noise too. `mask` is units × batch.
"""
import torch

from networks import here, write

T, B, inputs, units, outputs, rate, seed, update, mask_layer = 6, 3, 3, 5, 2, 0.4, 4, 2, 2
M32, M64 = 2**32 - 1, 2**64 - 1


def philox(counter, key):
    c, k = list(counter), [key & M32, key >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & M32, (a >> 32) ^ c[3] ^ k[1], a & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c


def split_mix(state):
    z = (state + 0x9E3779B97F4A7C15) & M64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


# Known answer of Philox4x32-10, from Random123's kat_vectors.
assert philox([0] * 4, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
key = split_mix(seed) ^ update
bits = [[philox([u // 4, b, 0, mask_layer], key)[u % 4] for b in range(B)] for u in range(units)]
mask = (torch.tensor(bits, dtype=torch.float64) >= int(rate * 2**32)) / (1 - rate)


def lstm(x, h, c, p):
    return torch.lstm_cell(x, (mask.T * h, c), *p[:4])


def gru(x, h, c, p):
    """torch.gru_cell, whose U takes the masked state and whose z the state itself."""
    own, inner = torch.nn.functional.linear(x, p[0], p[2]), torch.nn.functional.linear(
        mask.T * h, p[1], p[3])
    i_r, i_z, i_n = own.chunk(3, 1)
    h_r, h_z, h_n = inner.chunk(3, 1)
    r, z = torch.sigmoid(i_r + h_r), torch.sigmoid(i_z + h_z)
    n = torch.tanh(i_n + r * h_n)
    return (1 - z) * n + z * h, c


def elman(x, h, c, p):
    return torch.rnn_tanh_cell(x, mask.T * h, p[0], p[1], p[2], 0 * p[2]), c


for name, cell, gates, biases in (("lstm", lstm, 4, 2), ("gru", gru, 3, 2), ("elman", elman, 1, 1)):
    generator = torch.Generator().manual_seed(70 + gates)
    draw = lambda *shape: torch.rand(*shape, generator=generator) * 1.6 - 0.8
    p = [draw(gates * units, inputs), draw(gates * units, units)]
    p += [draw(gates * units) for _ in range(biases)]
    p += [draw(outputs, units), draw(outputs)]
    X, Z = draw(inputs, T * B).requires_grad_(), draw(outputs, T * B)
    for tensor in p:
        tensor.requires_grad_()
    h = c = torch.zeros(B, units)
    Y = []
    for t in range(T):
        h, c = cell(X[:, t * B:(t + 1) * B].T, h, c, p)
        Y.append(p[-2] @ h.T + p[-1][:, None])
    Y = torch.cat(Y, 1)
    E = 0.5 * ((Y - Z)**2).sum()
    E.backward()
    flat = lambda tensors: torch.cat([t.detach().T.reshape(-1) for t in tensors])
    write(here / "sequences" / f"recurrent_dropout_{name}.txt", f"recurrent dropout, {name}",
          {"steps": [T], "batch": [B], "mask": mask, "w": flat(p), "X": X, "Z": Z, "Y": Y,
           "E": [E.item()], "g": flat([t.grad for t in p]), "dX": X.grad})
