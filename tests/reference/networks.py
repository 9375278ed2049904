# SPDX-License-Identifier: MIT
"""Reference values for networks from PyTorch's automatic differentiation.

Run with a Python that has torch (Debian: python3-torch, /usr/bin/python3):

    python3 tests/reference/networks.py

It writes networks/*.txt and sequences/*.txt beside itself; the tests read those and need no torch.
A network is described by its layers: (units, activation, [connections]), a connection being
(source layer, delay, "full" or "diagonal"); the chain comes first and is not listed. It is computed
by the written-out recursion; torch.nn.RNN, LSTM and GRU are held against that where they apply.
"""
import pathlib

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
here = pathlib.Path(__file__).parent

activations = {
    "linear": lambda v: v,
    "sigmoid": torch.sigmoid,
    "sigmoid 0.7": lambda v: torch.sigmoid(0.7 * v),
    "sigmoid 2": lambda v: torch.sigmoid(2 * v),
    "tanh": torch.tanh,
    "tanh 1.5": lambda v: torch.tanh(1.5 * v),
    "relu": torch.relu,
    "leaky": lambda v: torch.nn.functional.leaky_relu(v, 0.01),
    "elu": torch.nn.functional.elu,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "softplus": lambda v: torch.nn.functional.softplus(v, threshold=500),
    "softmax": lambda v: torch.softmax(v, 0),
}

# E of each column, from outputs y and targets z.
losses = {
    "half_squared": lambda y, z: 0.5 * ((y - z) ** 2).sum(0),
    "absolute": lambda y, z: (y - z).abs().sum(0),
    "huber": lambda y, z: torch.nn.functional.huber_loss(y, z, reduction="none", delta=0.5).sum(0),
    "binary": lambda y, z: torch.nn.functional.binary_cross_entropy(y, z, reduction="none").sum(0),
    "categorical": lambda y, z: -(z * torch.log(y)).sum(0),
}


class Net:
    """layers: (units, activation, connections, bias); activation may be "lstm" or "gru"."""

    def __init__(self, inputs, layers, seed):
        generator = torch.Generator().manual_seed(seed)
        self.units = [inputs] + [layer[0] for layer in layers]
        self.layers = []
        self.tensors = []  # in the order of the flat vector
        for index, (units, activation, links, bias) in enumerate(layers, 1):
            cell = {"lstm": 4, "gru": 3}.get(activation, 1)
            links = [(index - 1, 0, "full")] + ([(index, 1, "full")] if cell > 1 else []) + links
            weights = []
            for source, _, kind in links:
                columns = 1 if kind == "diagonal" else self.units[source]
                weights.append(torch.rand(cell * units, columns, generator=generator) * 1.6 - 0.8)
            biases = [torch.rand(cell * units, 1, generator=generator) - 0.5
                      for _ in range(0 if not bias else 2 if cell > 1 else 1)]
            for tensor in weights + biases:
                tensor.requires_grad_()
            self.tensors += weights + biases
            self.layers.append((activation, links, weights, biases))

    def flat(self, tensors):
        return torch.cat([t.detach().T.reshape(-1) for t in tensors])

    def run(self, X, steps, batch, initial):
        """initial: {(layer, delay): units × batch}, {(layer, "c"): ...}; zeros where absent."""
        zero = lambda layer: torch.zeros(self.units[layer], batch)
        past = {}  # (layer, step) -> output
        memory = {}
        outputs = []
        for t in range(steps):
            past[0, t] = X[:, t * batch:(t + 1) * batch]
            for index, (activation, links, weights, biases) in enumerate(self.layers, 1):
                terms = []
                for (source, delay, kind), w in zip(links, weights):
                    at = t - delay
                    x = past[source, at] if at >= 0 else initial.get((source, -at), zero(source))
                    terms.append(w * x if kind == "diagonal" else w @ x)
                H = self.units[index]
                if activation == "lstm":
                    net = sum(terms) + sum(biases)
                    i, f, g, o = (net[k * H:(k + 1) * H] for k in range(4))
                    c = memory.get(index, initial.get((index, "c"), zero(index)))
                    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                    memory[index] = c
                    x = torch.sigmoid(o) * torch.tanh(c)
                elif activation == "gru":
                    own = terms.pop(1) + (biases[1] if biases else 0)
                    net = sum(terms) + (biases[0] if biases else 0)
                    r = torch.sigmoid(net[:H] + own[:H])
                    z = torch.sigmoid(net[H:2 * H] + own[H:2 * H])
                    n = torch.tanh(net[2 * H:] + r * own[2 * H:])
                    before = past[index, t - 1] if t > 0 else initial.get((index, 1), zero(index))
                    x = (1 - z) * n + z * before
                else:
                    x = activations[activation](sum(terms) + sum(biases))
                past[index, t] = x
            outputs.append(x)
        return torch.cat(outputs, 1)


def write(path, values):
    with open(path, "w") as file:
        for key, matrix in values.items():
            matrix = torch.as_tensor(matrix, dtype=torch.float64).detach()
            matrix = matrix.reshape(-1, 1) if matrix.dim() < 2 else matrix
            file.write(f"{key} {matrix.shape[0]} {matrix.shape[1]}\n")
            file.write(" ".join(repr(float(v)) for v in matrix.T.reshape(-1)) + "\n")


def make(folder, name, inputs, layers, loss, batch=4, steps=1, seed=1, weights=None, lengths=None,
         initial=(), last=False):
    layers = [(*layer, [], True)[:4] if len(layer) == 2 else (*layer, True)[:4] for layer in layers]
    net = Net(inputs, layers, seed)
    generator = torch.Generator().manual_seed(1000 + seed)
    X = (torch.rand(inputs, steps * batch, generator=generator) * 2 - 1).requires_grad_()
    outputs = net.units[-1]
    columns = batch if last else steps * batch
    Z = torch.rand(outputs, columns, generator=generator) * 0.8 + 0.1
    if loss == "categorical":
        Z = Z / Z.sum(0)
    first = {key: (torch.rand(net.units[key[0]], batch, generator=generator) - 0.5).requires_grad_()
             for key in initial}
    Y = net.run(X, steps, batch, first)
    scored = Y
    if last:
        ends = [(lengths[b] if lengths else steps) - 1 for b in range(batch)]
        scored = torch.stack([Y[:, t * batch + b] for b, t in enumerate(ends)], 1)
    w = torch.ones(columns) if weights is None else torch.tensor(weights, dtype=torch.float64)
    if lengths and not last:
        w = w * torch.tensor([1.0 if t < lengths[b] else 0.0
                              for t in range(steps) for b in range(batch)])
    E = (w * losses[loss](scored, Z)).sum()
    E.backward()
    values = {"steps": [steps], "batch": [batch], "w": net.flat(net.tensors), "X": X, "Z": Z,
              "Y": Y, "E": [E.item()], "g": net.flat([t.grad for t in net.tensors]), "dX": X.grad}
    if weights is not None:
        values["weights"] = torch.tensor(weights)
    if lengths:
        values["lengths"] = torch.tensor(lengths)
    for (layer, delay), value in first.items():
        values[f"initial_{layer}_{delay}"] = value
        values[f"dinitial_{layer}_{delay}"] = value.grad
    write(here / folder / f"{name}.txt", values)
    return net, X, Y


def network(name, *args, **kwargs):
    return make("networks", name, *args, **kwargs)


def sequence(name, *args, **kwargs):
    return make("sequences", name, *args, **kwargs)


def same_as_torch(module, net, X, Y, steps, batch, layer=0):
    """Gives a torch.nn module the weights of one layer and compares its outputs."""
    _, _, weights, biases = net.layers[layer]
    with torch.no_grad():
        module.weight_ih_l0.copy_(weights[0])
        module.weight_hh_l0.copy_(weights[1])
        module.bias_ih_l0.copy_(biases[0][:, 0])
        module.bias_hh_l0.copy_(biases[1][:, 0] if len(biases) > 1 else 0 * biases[0][:, 0])
        out, _ = module(X.T.reshape(steps, batch, -1))
        assert torch.allclose(out.reshape(steps * batch, -1).T, Y, rtol=0, atol=1e-14)


# Feed-forward: the comment is the type in C++.
network("deep", 3, [(4, "tanh"), (5, "sigmoid"), (4, "tanh"), (3, "tanh"), (4, "sigmoid"),
                    (2, "linear")], "half_squared", batch=5)
network("wide", 6, [(70, "tanh"), (3, "linear")], "half_squared", batch=5, seed=2)
network("one_unit", 1, [(1, "sigmoid")], "half_squared", seed=3)
network("one_sample", 4, [(5, "relu"), (3, "softmax")], "categorical", batch=1, seed=4)
network("skip_two_layers", 3, [(4, "tanh"), (3, "tanh"), (2, "linear", [(0, 0, "full")])],
        "half_squared", seed=5)
network("skips", 2, [(3, "tanh"), (4, "sigmoid", [(0, 0, "full")]),
                     (2, "tanh", [(1, 0, "full"), (0, 0, "full")])], "huber", seed=6)
network("slopes", 3, [(4, "tanh 1.5"), (3, "sigmoid 0.7"), (2, "tanh 1.5")], "half_squared", seed=7)
network("softmax_squared", 3, [(4, "tanh"), (3, "softmax")], "half_squared", seed=8)
network("softmax_entropy", 3, [(4, "tanh"), (5, "softmax")], "categorical", seed=9)
network("sigmoid_entropy", 3, [(4, "tanh"), (2, "sigmoid 2")], "binary", seed=10)
network("multi_sigmoid_categorical", 3, [(4, "tanh"), (3, "sigmoid")], "categorical", seed=11)
network("rectifiers", 4, [(6, "relu"), (5, "leaky"), (2, "linear")], "half_squared", seed=12)
network("smooth_rectifiers", 4, [(5, "gelu"), (4, "silu"), (3, "elu"), (2, "softplus")],
        "half_squared", seed=13)
network("no_bias", 3, [(4, "tanh", [], False), (2, "linear", [], False)], "half_squared", seed=14)
network("absolute", 3, [(4, "tanh"), (2, "linear")], "absolute", seed=15)
network("softmax_binary", 3, [(4, "tanh"), (3, "softmax")], "binary", seed=16)
network("weighted", 3, [(4, "tanh"), (2, "sigmoid")], "binary", seed=17, weights=[1, 0, 2.5, 0.3])
network("softmax_hidden", 3, [(4, "softmax"), (2, "linear")], "half_squared", seed=18)

# Recurrent.
T, B = 6, 3
elman = [(4, "tanh", [(1, 1, "full")]), (2, "linear")]
net, X, _ = sequence("elman", 3, elman, "half_squared", B, T)
net1, X1, Y1 = sequence("elman_alone", 3, elman[:1], "half_squared", B, T, seed=2)
same_as_torch(torch.nn.RNN(3, 4), net1, X1, Y1, T, B)
net1, X1, Y1 = sequence("elman_relu", 3, [(4, "relu", [(1, 1, "full")])], "half_squared", B, T, seed=3)
same_as_torch(torch.nn.RNN(3, 4, nonlinearity="relu"), net1, X1, Y1, T, B)
sequence("one_step", 3, elman, "half_squared", B, 1, seed=4)
sequence("jordan", 2, [(4, "tanh", [(2, 1, "full")]), (2, "sigmoid")], "half_squared", B, T, seed=5)
sequence("diagonal", 2, [(5, "tanh", [(1, 1, "diagonal")]), (2, "linear")], "half_squared", B, T,
         seed=6)
sequence("delay_three", 2, [(4, "tanh", [(1, 3, "full")]), (1, "linear")], "half_squared", 2, 9,
         seed=7)
sequence("several_at_once", 2, [(4, "tanh", [(1, 1, "full"), (1, 2, "diagonal"), (0, 2, "full"),
                                             (2, 1, "full")]), (2, "tanh")],
         "half_squared", B, T, seed=8)
sequence("stacked", 2, [(4, "tanh", [(1, 1, "full")]), (3, "sigmoid", [(2, 1, "full")]),
                        (2, "linear")], "half_squared", B, T, seed=9)
sequence("recurrent_output", 2, [(3, "tanh"), (2, "tanh", [(2, 1, "full")])], "half_squared", B, T,
         seed=10)
sequence("recurrent_sigmoid_entropy", 2, [(3, "tanh"), (2, "sigmoid", [(2, 1, "full")])], "binary",
         B, T, seed=11)
sequence("skip_and_recurrence", 3, [(4, "tanh", [(1, 1, "full")]), (3, "tanh", [(0, 0, "full")]),
                                    (2, "linear", [(1, 0, "full"), (0, 0, "full")])],
         "half_squared", B, T, seed=12)
sequence("no_bias", 2, [(4, "tanh", [(1, 1, "full")], False), (2, "linear", [], False)],
         "half_squared", B, T, seed=13)
sequence("back_over_two", 2, [(3, "tanh", [(3, 1, "full")]), (4, "sigmoid"), (2, "tanh")],
         "half_squared", B, T, seed=14)
sequence("softmax_recurrent", 2, [(3, "softmax", [(1, 1, "full")]), (4, "softmax")], "categorical",
         B, T, seed=15)
sequence("last_step", 2, elman, "half_squared", B, T, seed=16, last=True)
sequence("lengths", 2, elman, "half_squared", B, T, seed=17, lengths=[6, 2, 4])
sequence("lengths_last", 2, elman, "half_squared", B, T, seed=18, lengths=[6, 1, 4], last=True)
sequence("weighted", 2, elman, "half_squared", 2, 3, seed=19, weights=[1, 0, 0.5, 2, 0, 1])
sequence("initial_state", 2, [(4, "tanh", [(1, 1, "full"), (1, 2, "full")]), (2, "linear")],
         "half_squared", B, T, seed=20, initial=[(1, 1), (1, 2)])
sequence("slope", 2, [(4, "sigmoid 2", [(1, 1, "full")]), (2, "tanh 1.5")], "half_squared", B, T,
         seed=21)
net1, X1, Y1 = sequence("lstm_alone", 3, [(4, "lstm", [])], "half_squared", B, T, seed=22)
same_as_torch(torch.nn.LSTM(3, 4), net1, X1, Y1, T, B)
sequence("lstm_stacked", 2, [(3, "lstm", []), (4, "lstm", []), (2, "linear")], "half_squared", B, T,
         seed=23)
sequence("lstm_lengths", 2, [(3, "lstm", []), (2, "linear")], "half_squared", B, T, seed=24,
         lengths=[2, 6, 5])
sequence("lstm_initial", 2, [(3, "lstm", []), (2, "linear")], "half_squared", B, T, seed=25,
         initial=[(1, 1), (1, "c")])
net1, X1, Y1 = sequence("gru_alone", 3, [(4, "gru", [])], "half_squared", B, T, seed=26)
same_as_torch(torch.nn.GRU(3, 4), net1, X1, Y1, T, B)
sequence("gru_skip", 2, [(3, "gru", []), (2, "tanh", [(0, 0, "full")])], "half_squared", B, T,
         seed=27)
sequence("gru_between_dense", 2, [(3, "tanh"), (4, "gru", []), (2, "linear")], "half_squared", B, T,
         seed=28, initial=[(2, 1)])
