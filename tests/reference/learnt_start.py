# SPDX-License-Identifier: MIT
"""Networks with a learnt state before the first step, by torch.nn's RNN, LSTM and GRU.

    python3 tests/reference/learnt_start.py

It writes sequences/learnt_start_*.txt beside itself. The states h_0 (and c_0) are one vector each,
expanded over the batch, and stand in w after the layer's biases.
"""
import torch

from networks import here, write

T, B, inputs, units, outputs = 5, 3, 2, 4, 2

for name, module, biases in (("elman", torch.nn.RNN, 1), ("lstm", torch.nn.LSTM, 2),
                             ("gru", torch.nn.GRU, 2)):
    torch.manual_seed(80)
    cell, readout = module(inputs, units), torch.nn.Linear(units, outputs)
    if biases == 1:
        with torch.no_grad():
            cell.bias_hh_l0.zero_()
    h0, c0 = (torch.rand(units).sub(0.5).requires_grad_() for _ in range(2))
    X = torch.rand(inputs, T * B).mul(2).sub(1).requires_grad_()
    Z = torch.rand(outputs, T * B)
    first = h0.expand(1, B, units).contiguous()
    state = (first, c0.expand(1, B, units).contiguous()) if name == "lstm" else first
    out, _ = cell(X.T.reshape(T, B, inputs), state)
    Y = readout(out.reshape(T * B, units)).T
    E = 0.5 * ((Y - Z)**2).sum()
    E.backward()
    p = [cell.weight_ih_l0, cell.weight_hh_l0, cell.bias_ih_l0, cell.bias_hh_l0][:2 + biases]
    p += [h0, c0] if name == "lstm" else [h0]
    p += [readout.weight, readout.bias]
    flat = lambda tensors: torch.cat([t.detach().T.reshape(-1) for t in tensors])
    write(here / "sequences" / f"learnt_start_{name}.txt", f"learnt start, {name}",
          {"steps": [T], "batch": [B], "w": flat(p), "X": X, "Z": Z, "Y": Y, "E": [E.item()],
           "g": flat([t.grad for t in p]), "dX": X.grad})
