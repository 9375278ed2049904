# SPDX-License-Identifier: MIT
"""Learning rates of torch.optim.lr_scheduler, for tests/training/schedule_test.cpp.

    python3 tests/reference/schedules.py

It writes schedules.txt next to itself: for each schedule the rate of each epoch, or of each step.
"""
import pathlib

import torch
from torch.optim import lr_scheduler as lr

epochs, per_epoch, rate = 12, 5, 0.2
plateau_losses = [1.0, 0.9, 0.9, 0.95, 0.9, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.5]
lines = []


def optimizer():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)


def write(key, values):
    lines.append(f"{key} {len(values)} 1")
    lines.append(" ".join(repr(float(v)) for v in values))


def rates(key, make, count, metrics=None):
    o = optimizer()
    schedule = make(o)
    values = []
    for i in range(count):
        values.append(o.param_groups[0]["lr"])
        o.step()
        schedule.step(*([] if metrics is None else [metrics[i]]))
    write(key, values)


rates("step", lambda o: lr.StepLR(o, 3, 0.4), epochs)
rates("exponential", lambda o: lr.ExponentialLR(o, 0.8), epochs)
rates("cosine", lambda o: lr.CosineAnnealingLR(o, epochs, eta_min=0.1 * rate), epochs)
rates("linear", lambda o: lr.LinearLR(o, 1.0, 0.25, epochs - 1), epochs)
rates("one_cycle", lambda o: lr.OneCycleLR(
    o, rate, total_steps=epochs * per_epoch, cycle_momentum=False), epochs * per_epoch)
rates("warm_up", lambda o: lr.LinearLR(o, 0.1, 1.0, 2 * per_epoch), 2 * per_epoch)
rates("after_warm_up", lambda o: lr.CosineAnnealingLR(o, epochs - 2), epochs - 2)
for steps in range(1, 6):
    for rise in (0.0, 0.3, 0.6):
        rates(f"one_cycle_{steps}_{rise}", lambda o: lr.OneCycleLR(
            o, rate, total_steps=steps, pct_start=rise, cycle_momentum=False), steps)
for count in (1, 2):
    rates(f"cosine_{count}", lambda o: lr.CosineAnnealingLR(o, count), count)
rates("linear_2", lambda o: lr.LinearLR(o, 1.0, 0.25, 1), 2)
write("plateau_losses", plateau_losses)
rates("plateau", lambda o: lr.ReduceLROnPlateau(
    o, factor=0.5, patience=1, threshold=1e-4, cooldown=1, min_lr=0.03, eps=0), epochs,
    plateau_losses)
pathlib.Path(__file__).with_suffix(".txt").write_text("\n".join(lines) + "\n")
