# SPDX-License-Identifier: MIT
"""Steps of optimizers whose parameters are in groups, by PyTorch: weight decay and learning rates of
their own, and parameters that are frozen.

    python3 tests/reference/parameter_groups.py

It writes parameter_groups.txt beside itself. E = sum (w − z)^4 / 4.
"""
import torch

from networks import here, write

torch.manual_seed(91)
start, z = (torch.rand(6, dtype=torch.float64) * 2 - 1 for _ in range(2))
values = {"start": start, "z": z}


def steps(name, make, frozen=False, l1=0.0):
    a = start[:2].clone().requires_grad_(not frozen)
    b = start[2:].clone().requires_grad_()
    optimizer = make(a, b)
    for _ in range(30):
        optimizer.zero_grad()
        E = (torch.cat([a, b]) - z).pow(4).sum() / 4 + l1 * b.abs().sum()
        E.backward()
        optimizer.step()
    values[name] = torch.cat([a, b]).detach()


SGD, Adam, RMSprop = torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop
decay = lambda a, b: [{"params": [a], "weight_decay": 0}, {"params": [b], "weight_decay": 0.3}]
rates = lambda a, b: [{"params": [a], "lr": 0.002}, {"params": [b], "lr": 0.02}]
steps("decay_sgd", lambda a, b: SGD(decay(a, b), lr=0.02, momentum=0.9))
steps("decay_adam", lambda a, b: Adam(decay(a, b), lr=0.02))
steps("l1_sgd", lambda a, b: SGD([a, b], lr=0.02), l1=0.3)
steps("rates_sgd", lambda a, b: SGD(rates(a, b), lr=0.02))
steps("rates_momentum", lambda a, b: SGD(rates(a, b), lr=0.02, momentum=0.9))
steps("rates_adam", lambda a, b: Adam(rates(a, b), lr=0.02))
steps("rates_rms_prop", lambda a, b: RMSprop(rates(a, b), lr=0.02))
steps("frozen_adam", lambda a, b: Adam([b], lr=0.02), frozen=True)
write(here / "parameter_groups.txt", "groups of parameters", values)
