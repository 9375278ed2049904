# SPDX-License-Identifier: MIT
"""Losses with weights of classes by PyTorch, and balanced weights by scikit-learn.

    python3 tests/reference/class_weights.py

It writes class_weights.txt beside itself.
"""
import numpy
import torch
from sklearn.utils.class_weight import compute_class_weight

from networks import here, write

torch.manual_seed(90)
labels = torch.tensor([0, 2, 0, 1, 0, 2, 0, 0, 1])
balanced = compute_class_weight("balanced", classes=numpy.arange(3), y=labels.numpy())
weights = torch.tensor(balanced)
W, b = (torch.rand(3, 2, dtype=torch.float64).requires_grad_(),
        torch.rand(3, dtype=torch.float64).requires_grad_())
X = torch.rand(2, 9, dtype=torch.float64)
E = torch.nn.functional.cross_entropy((W @ X + b[:, None]).T, labels, weights, reduction="sum")
E.backward()

yes = (labels == 0).double()
two = torch.tensor(compute_class_weight("balanced", classes=numpy.arange(2), y=yes.numpy()))
v, c = (torch.rand(2, dtype=torch.float64).requires_grad_(),
        torch.rand(1, dtype=torch.float64).requires_grad_())
E_two = torch.nn.functional.binary_cross_entropy_with_logits(
    v @ X + c, yes, weight=two[yes.long()], reduction="sum")
E_two.backward()
flat = lambda *tensors: torch.cat([t.detach().T.reshape(-1) for t in tensors])
write(here / "class_weights.txt", "weights of classes",
      {"labels": labels, "balanced": weights, "X": X, "w": flat(W, b), "E": [E.item()],
       "g": flat(W.grad, b.grad), "balanced_two": two, "w_two": flat(v, c), "E_two": [E_two.item()],
       "g_two": flat(v.grad, c.grad)})
