# SPDX-License-Identifier: MIT
"""Jacobians, Jacobian-vector and vector-Jacobian products of small networks, by PyTorch's autograd.

    python3 tests/reference/derivatives.py

It writes derivatives/*.txt beside itself, with the networks of networks.py.
"""
import torch
from torch.autograd.functional import jacobian, jvp, vjp

from networks import Net, here, type_name, write


def flat(matrix):
    """Column by column."""
    return matrix.T.reshape(-1)


def uniform(generator, *shape):
    return torch.rand(*shape, generator=generator) * 2 - 1


def make(name, inputs, layers, batch, steps, seed, initial=()):
    layers = [(*layer, [], True)[:4] if len(layer) == 2 else (*layer, True)[:4] for layer in layers]
    net = Net(inputs, layers, seed)
    w = net.flat(net.tensors)
    generator = torch.Generator().manual_seed(2000 + seed)
    X = uniform(generator, inputs, steps * batch)
    states = [uniform(generator, net.units[layer], batch) / 2 for layer, _ in initial]

    def outputs(w, X, *states):
        at = 0
        rebuilt = []
        for activation, links, weights, biases in net.layers:
            lists = []
            for tensors in (weights, biases):
                lists.append([])
                for tensor in tensors:
                    rows, columns = tensor.shape
                    part = w[at:at + rows * columns]
                    lists[-1].append(part.reshape(columns, rows).T)
                    at += rows * columns
            rebuilt.append((activation, links, *lists))
        kept, net.layers = net.layers, rebuilt
        Y = net.run(X, steps, batch, dict(zip(initial, states)))
        net.layers = kept
        return Y

    point = (w, X, *states)
    direction = tuple(uniform(generator, *part.shape) for part in point)
    Y = outputs(*point)
    U = uniform(generator, *Y.shape)
    _, dY = jvp(outputs, point, direction)
    _, products = vjp(outputs, point, U)
    values = {"steps": [steps], "batch": [batch], "w": w, "X": X, "Y": Y, "v": direction[0],
              "dX": direction[1], "U": U, "jvp": dY, "vjp_w": products[0], "vjp_X": products[1]}
    # A Jacobian of vec(Y) by the vec of each part.
    J = jacobian(lambda *parts: flat(outputs(*parts)), point)
    values["J_w"] = J[0]
    values["J_X"] = J[1].transpose(1, 2).reshape(Y.numel(), -1)
    for (layer, delay), state, d, product, by in zip(initial, states, direction[2:], products[2:],
                                                     J[2:]):
        values[f"initial_{layer}_{delay}"] = state
        values[f"d_initial_{layer}_{delay}"] = d
        values[f"vjp_initial_{layer}_{delay}"] = product
        values[f"J_initial_{layer}_{delay}"] = by.transpose(1, 2).reshape(Y.numel(), -1)
    type_ = type_name("Rnn" if initial else "Mlp", inputs, layers, "half_squared").rsplit(",", 1)[0]
    write(here / "derivatives" / f"{name}.txt", type_, values)


def make_transitions():
    """∂(h, c) after a step by (h, c) before it, of PyTorch's own cells, at three points."""
    generator = torch.Generator().manual_seed(3000)
    values = {}
    for name, gates, bias_columns, cell in (
            ("elman", 1, 1, lambda x, h, c, p: (torch.rnn_tanh_cell(x, h, *p),)),
            ("lstm", 4, 2, lambda x, h, c, p: torch.lstm_cell(x, (h, c), *p)),
            ("gru", 3, 2, lambda x, h, c, p: (torch.gru_cell(x, h, *p),))):
        units, inputs, points = 3, 2, 3
        parts = [uniform(generator, gates * units, k) for k in (inputs, units, 1, 1)]
        if bias_columns == 1:
            parts[3].zero_()
        w_ih, w_hh, b_ih, b_hh = parts
        biases = parts[2:2 + bias_columns]
        X = uniform(generator, inputs, points)
        h, c = torch.zeros(1, units), torch.zeros(1, units)
        p = (w_ih, w_hh, b_ih[:, 0], b_hh[:, 0])
        D = []
        for t in range(points):
            x = X[:, t:t + 1].T

            def step(state):
                return torch.cat(cell(x, state[None, :units], state[None, units:], p), 1)[0]

            state = torch.cat([h, c], 1)[0] if name == "lstm" else h[0]
            D.append(jacobian(step, state))
            after = step(state)[None]
            h, c = after[:, :units], after[:, units:]
        values.update({f"{name}_w": torch.cat([flat(part) for part in (w_ih, w_hh, *biases)]),
                       f"{name}_X": X, f"{name}_D": torch.cat(D, 1)})
    write(here / "derivatives" / "transitions.txt", "Rnn<double, Input<2>, a cell of 3 units>",
          values)


if __name__ == "__main__":
    full = lambda layer, delay: (layer, delay, "full")
    make("skips", 3, [(4, "tanh"), (3, "softmax", [full(0, 0)])], 2, 1, 1)
    make("layer_norm", 3, [(4, "linear"), (4, "layer_norm"), (4, "direct gelu", [], False),
                           (2, "linear")], 2, 1, 2)
    make("elman", 2, [(3, "tanh", [full(1, 1)]), (2, "linear")], 2, 4, 3, [(1, 1)])
    make("lstm", 2, [(3, "lstm"), (2, "linear")], 2, 3, 4, [(1, 1), (1, "c")])
    make("gru", 2, [(3, "gru"), (2, "tanh", [full(0, 0)])], 2, 3, 5, [(1, 1)])
    make("min_gru", 2, [(3, "min_gru"), (2, "silu", [(2, 1, "diagonal"), full(1, 2)])], 2, 4, 6,
         [(1, 1), (1, 2), (1, "c"), (2, 1)])
    make_transitions()
