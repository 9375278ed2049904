# SPDX-License-Identifier: MIT
"""Products of Hessians with vectors, by differentiating PyTorch's gradient a second time.

    python3 tests/reference/hessians.py

It writes hessians/*.txt beside itself, with the networks of networks.py.
"""
import torch

from networks import Net, here, losses, type_name, write


def make(name, inputs, layers, loss, batch, steps, seed):
    layers = [(*layer, [], True)[:4] if len(layer) == 2 else (*layer, True)[:4] for layer in layers]
    net = Net(inputs, layers, seed)
    generator = torch.Generator().manual_seed(4000 + seed)
    X = torch.rand(inputs, steps * batch, generator=generator) * 2 - 1
    Z = torch.rand(net.units[-1], steps * batch, generator=generator) * 0.8 + 0.1
    if loss == "categorical":
        Z = Z / Z.sum(0)
    E = losses[loss](net.run(X, steps, batch, {}), Z).sum()
    g = torch.autograd.grad(E, net.tensors, create_graph=True)
    v = [torch.rand(t.shape, generator=generator) * 2 - 1 for t in net.tensors]
    Hv = torch.autograd.grad(sum((a * b).sum() for a, b in zip(g, v)), net.tensors)
    values = {"steps": [steps], "batch": [batch], "w": net.flat(net.tensors), "X": X, "Z": Z,
              "v": net.flat(v), "g": net.flat(g), "Hv": net.flat(Hv)}
    kind = "Rnn" if steps > 1 else "Mlp"
    write(here / "hessians" / f"{name}.txt", type_name(kind, inputs, layers, loss), values)


if __name__ == "__main__":
    full = lambda layer, delay: (layer, delay, "full")
    make("skips", 3, [(4, "tanh"), (3, "softmax", [full(0, 0)])], "categorical", 5, 1, 1)
    make("layer_norm", 3, [(4, "linear"), (4, "layer_norm"), (4, "direct gelu", [], False),
                           (2, "sigmoid")], "half_squared", 3, 1, 2)
    make("elman", 2, [(3, "tanh", [full(1, 1)]), (2, "linear")], "half_squared", 2, 4, 3)
    make("lstm", 2, [(3, "lstm"), (2, "linear")], "half_squared", 2, 4, 4)
    make("gru", 2, [(3, "gru"), (2, "tanh", [full(0, 0)])], "half_squared", 2, 4, 5)
    make("delays", 2, [(3, "silu", [(2, 1, "full"), full(1, 2)]),
                       (2, "softplus", [(2, 1, "diagonal")])], "log_cosh", 2, 5, 6)
