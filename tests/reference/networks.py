# SPDX-License-Identifier: MIT
"""Reference values for feed-forward networks from PyTorch's automatic differentiation.

Run with a Python that has torch (Debian: python3-torch, /usr/bin/python3):

    python3 tests/reference/networks.py

It writes networks/*.txt beside itself; sequences.py does the same for recurrent ones, with what is
defined here. The tests read those files and need no torch; README.md beside this says what is in
them. A network is described by its layers: (units, activation, [connections], bias), a connection
being (source layer, delay, "full", "diagonal" or "add"); the chain comes first and is not listed. It
is without weights where the activation begins with "direct", and a column of a table of n where it
begins with "lookup n". It is computed by the written-out recursion.
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
    "log_cosh": lambda y, z: torch.log(torch.cosh(y - z)).sum(0),
    "poisson": lambda y, z: torch.nn.functional.poisson_nll_loss(y, z, reduction="none").sum(0),
    "pinball": lambda y, z: torch.maximum(0.3 * (z - y), -0.7 * (z - y)).sum(0),
    "quantiles": lambda y, z: pinball(y, z.repeat_interleave(3, 0), (0.1, 0.5, 0.8)),
    "gaussian": lambda y, z: gaussian(y, z, False),
    "gaussian_full": lambda y, z: gaussian(y, z, True),
}
outputs_per_target = {"quantiles": 3, "gaussian": 2, "gaussian_full": 2}


def pinball(y, z, quantiles):
    q = torch.tensor(quantiles).repeat(len(y) // len(quantiles)).reshape(-1, 1)
    return torch.maximum(q * (z - y), (q - 1) * (z - y)).sum(0)


def gaussian(y, z, full):
    mean, log_variance = y.chunk(2)
    return torch.nn.functional.gaussian_nll_loss(mean, z, torch.exp(log_variance), full=full,
                                                 reduction="none").sum(0)


# The names in C++: (type, settings).
activation_names = {
    "linear": ("Linear", ""),
    "sigmoid": ("Sigmoid", ""),
    "sigmoid 0.7": ("Sigmoid", "{.slope = 0.7}"),
    "sigmoid 2": ("Sigmoid", "{.slope = 2}"),
    "tanh": ("Tanh", ""),
    "tanh 1.5": ("Tanh", "{.slope = 1.5}"),
    "relu": ("Relu", ""),
    "leaky": ("LeakyRelu", ""),
    "elu": ("Elu", ""),
    "gelu": ("Gelu", ""),
    "silu": ("Silu", ""),
    "softplus": ("Softplus", ""),
    "softmax": ("Softmax", ""),
}
loss_names = {
    "half_squared": "HalfSquaredError{}",
    "absolute": "AbsoluteError{}",
    "huber": "Huber{.threshold = 0.5}",
    "binary": "BinaryCrossEntropy{}",
    "categorical": "CategoricalCrossEntropy{}",
    "log_cosh": "LogCosh{}",
    "poisson": "Poisson{}",
    "pinball": "Pinball{.quantile = 0.3}",
    "quantiles": "Quantiles{0.1, 0.5, 0.8}",
    "gaussian": "GaussianNll{}",
    "gaussian_full": "GaussianNll{.full = true}",
}


def option_name(target, source, delay, kind):
    """The C++ option that makes a connection into the layer `target`."""
    step = "" if delay == 1 else str(delay)
    if kind == "diagonal":
        return f"SelfRecurrent<{step}>"
    if kind == "add":
        return f"Add<{source}{', ' + str(delay) if delay else ''}>"
    if delay == 0:
        return f"From<{source}>"
    if source == target:
        return f"Recurrent<{step}>"
    return f"Delayed<{source}{', ' + step if step else ''}>"


cells = {"lstm": "Lstm", "gru": "Gru", "min_gru": "MinGru", "layer_norm": "LayerNorm"}


def chain_of(activation):
    """The kind of the chain, its option in C++, and the activation's own name."""
    if activation.startswith("direct "):
        return "add", ["Direct"], activation[7:]
    if activation.startswith("lookup "):
        _, entries, rest = activation.split(" ", 2)
        return f"lookup {entries}", [f"Lookup<{entries}>"], rest
    return "add" if activation == "layer_norm" else "full", [], activation


def type_name(kind, inputs, layers, loss):
    """The type in C++ and the loss; settings that are not the defaults stand behind their layer."""
    names = [f"Input<{inputs}>"]
    for index, (units, activation, links, bias) in enumerate(layers, 1):
        _, chain, activation = chain_of(activation)
        options = chain + [option_name(index, *link) for link in links]
        options += [] if bias else ["NoBias"]
        if activation in cells:
            name, settings = f"{cells[activation]}<{units}", ""
        else:
            type_, settings = activation_names[activation]
            name, settings = f"Dense<{units}, {type_}", settings and f" {type_}{settings}"
        names.append(", ".join([name] + options) + ">" + settings)
    return f"{kind}<double, {', '.join(names)}>, {loss_names[loss]}"


class Net:
    """layers: (units, activation, connections, bias); activation may be "lstm" or "gru"."""

    def __init__(self, inputs, layers, seed):
        generator = torch.Generator().manual_seed(seed)
        self.units = [inputs] + [layer[0] for layer in layers]
        self.least_kink = float("inf")  # the least distance of a net input to a kink of its φ
        self.layers = []
        self.tensors = []  # in the order of the flat vector
        for index, (units, activation, links, bias) in enumerate(layers, 1):
            chain, _, activation = chain_of(activation)
            gates = {"lstm": 4, "gru": 3, "min_gru": 2}.get(activation, 1)
            own_columns = {"lstm": 2, "gru": 2, "layer_norm": 2}.get(activation, 1)
            itself = [(index, 1, "full")] if activation in ("lstm", "gru") else []
            links = [(index - 1, 0, chain)] + itself + links
            weights = []
            for source, _, kind in links:
                columns = {"diagonal": 1, "add": 0, "full": self.units[source]}.get(kind)
                columns = int(kind.split()[1]) if columns is None else columns
                weights.append(torch.rand(gates * units, columns, generator=generator) * 1.6 - 0.8)
            biases = [torch.rand(gates * units, 1, generator=generator) - 0.5
                      for _ in range(own_columns if bias else 0)]
            for tensor in weights + biases:
                tensor.requires_grad_()
            self.tensors += [t for t in weights + biases if t.numel() > 0]
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
                    if kind.startswith("lookup"):
                        terms.append(w[:, x[0].detach().long()])
                    else:
                        terms.append({"diagonal": lambda: w * x, "add": lambda: x,
                                      "full": lambda: w @ x}[kind]())
                H = self.units[index]
                if activation == "lstm":
                    net = sum(terms) + sum(biases)
                    i, f, g, o = (net[k * H:(k + 1) * H] for k in range(4))
                    c = memory.get(index, initial.get((index, "c"), zero(index)))
                    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                    memory[index] = c
                    x = torch.sigmoid(o) * torch.tanh(c)
                elif activation == "min_gru":
                    net = sum(terms) + sum(biases)
                    z = torch.sigmoid(net[:H])
                    before = memory.get(index, initial.get((index, "c"), zero(index)))
                    x = memory[index] = (1 - z) * before + z * net[H:]
                elif activation == "layer_norm":
                    x = torch.nn.functional.layer_norm(sum(terms).T, (H,), biases[0][:, 0],
                                                       biases[1][:, 0], 1e-5).T
                elif activation == "gru":
                    own = terms.pop(1) + (biases[1] if biases else 0)
                    net = sum(terms) + (biases[0] if biases else 0)
                    r = torch.sigmoid(net[:H] + own[:H])
                    z = torch.sigmoid(net[H:2 * H] + own[H:2 * H])
                    n = torch.tanh(net[2 * H:] + r * own[2 * H:])
                    before = past[index, t - 1] if t > 0 else initial.get((index, 1), zero(index))
                    x = (1 - z) * n + z * before
                else:
                    net = sum(terms) + sum(biases)
                    if activation in ("relu", "leaky", "elu"):
                        self.least_kink = min(self.least_kink, net.abs().min().item())
                    x = activations[activation](net)
                past[index, t] = x
            outputs.append(x)
        return torch.cat(outputs, 1)


def write(path, type_, values):
    path.parent.mkdir(exist_ok=True)
    with open(path, "w") as file:
        file.write(f"# type {type_}\n")
        for key, matrix in values.items():
            matrix = torch.as_tensor(matrix, dtype=torch.float64).detach()
            matrix = matrix.reshape(-1, 1) if matrix.dim() < 2 else matrix
            assert torch.isfinite(matrix).all(), (path, key)
            file.write(f"{key} {matrix.shape[0]} {matrix.shape[1]}\n")
            file.write(" ".join(repr(float(v)) for v in matrix.T.reshape(-1)) + "\n")


def make(folder, name, inputs, layers, loss, batch=4, steps=1, seed=1, weights=None, lengths=None,
         initial=(), last=False, indices=None, masked=False):
    """Writes the file of one network. Returns what a second implementation is held against.

    weights: one a target column; lengths: steps of each sequence; initial: the (layer, delay) and
    (layer, "c") whose values before the first step are given; last: targets at the last step only;
    indices: the inputs are integers below this; masked: each target has a weight, often 0.
    """
    layers = [(*layer, [], True)[:4] if len(layer) == 2 else (*layer, True)[:4] for layer in layers]
    net = Net(inputs, layers, seed)
    generator = torch.Generator().manual_seed(1000 + seed)
    X = (torch.rand(inputs, steps * batch, generator=generator) * 2 - 1).requires_grad_()
    if indices:
        X = torch.randint(indices, X.shape, generator=generator).double().requires_grad_()
    outputs = net.units[-1]
    columns = batch if last else steps * batch
    group = outputs_per_target.get(loss, 1)
    Z = torch.rand(outputs // group, columns, generator=generator) * 0.8 + 0.1
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
    # Away from kinks, and no target that is met by chance (the padding has none).
    apart = (scored - Z.repeat_interleave(group, 0)).detach().abs()[:, w > 0]
    assert apart.min() > 1e-4, name
    if loss in ("absolute", "pinball", "quantiles"):
        assert apart.min() > 1e-3, name
    if loss == "huber":  # both of its branches, too
        assert (apart - 0.5).abs().min() > 1e-3 and apart.min() < 0.5 < apart.max(), name
    assert net.least_kink > 1e-3, (name, net.least_kink)

    mask = torch.ones(Z.shape)
    if masked:
        mask = torch.rand(Z.shape, generator=generator) * 2 * (torch.rand(Z.shape,
                                                                         generator=generator) < 0.6)

    def error(Y):
        scored = torch.stack([Y[:, t * batch + b] for b, t in enumerate(ends)], 1) if last else Y
        if masked:
            return sum((w * m * losses[loss](y, z)).sum()
                       for m, y, z in zip(mask, scored.split(1), Z.split(1)))
        return (w * losses[loss](scored, Z)).sum()

    E = error(Y)
    E.backward()
    values = {"steps": [steps], "batch": [batch], "w": net.flat(net.tensors), "X": X, "Z": Z,
              "Y": Y, "E": [E.item()], "g": net.flat([t.grad for t in net.tensors]),
              "dX": torch.zeros_like(X) if X.grad is None else X.grad}
    if weights is not None:
        values["weights"] = torch.tensor(weights)
    if masked:
        values["target_weights"] = mask
    if lengths:
        values["lengths"] = torch.tensor(lengths)
    for (layer, delay), value in first.items():
        values[f"initial_{layer}_{delay}"] = value
        unused = value.grad is None  # a delay so long that the sequence ends before it is over
        values[f"dinitial_{layer}_{delay}"] = 0 * value if unused else value.grad
    kind = "Mlp" if folder == "networks" else "Rnn"
    write(here / folder / f"{name}.txt", type_name(kind, inputs, layers, loss), values)
    return net, X, Y, first, error


def network(name, *args, **kwargs):
    make("networks", name, *args, **kwargs)


if __name__ == "__main__":
    network("deep", 3, [(4, "tanh"), (5, "sigmoid"), (4, "tanh"), (3, "tanh"), (4, "sigmoid"),
                        (2, "linear")], "half_squared", batch=5)
    network("wide", 6, [(70, "tanh"), (3, "linear")], "half_squared", batch=5, seed=2)
    network("one_unit", 1, [(1, "sigmoid")], "half_squared", seed=3)
    network("one_sample", 4, [(5, "relu"), (3, "softmax")], "categorical", batch=1, seed=4)
    network("skip_two_layers", 3, [(4, "tanh"), (3, "tanh"), (2, "linear", [(0, 0, "full")])],
            "half_squared", seed=5)
    network("skips", 2, [(3, "tanh"), (4, "sigmoid", [(0, 0, "full")]),
                         (2, "tanh", [(1, 0, "full"), (0, 0, "full")])], "huber", seed=6)
    network("slopes", 3, [(4, "tanh 1.5"), (3, "sigmoid 0.7"), (2, "tanh 1.5")], "half_squared",
            seed=7)
    network("softmax_squared", 3, [(4, "tanh"), (3, "softmax")], "half_squared", seed=8)
    network("softmax_entropy", 3, [(4, "tanh"), (5, "softmax")], "categorical", seed=9)
    network("sigmoid_entropy", 3, [(4, "tanh"), (2, "sigmoid 2")], "binary", seed=10)
    network("multi_sigmoid_categorical", 3, [(4, "tanh"), (3, "sigmoid")], "categorical", seed=11)
    network("rectifiers", 4, [(6, "relu"), (5, "leaky"), (2, "linear")], "half_squared", seed=12)
    network("smooth_rectifiers", 4, [(5, "gelu"), (4, "silu"), (3, "elu"), (2, "softplus")],
            "half_squared", seed=13)
    network("no_bias", 3, [(4, "tanh", [], False), (2, "linear", [], False)], "half_squared",
            seed=14)
    network("absolute", 3, [(4, "tanh"), (2, "linear")], "absolute", seed=15)
    network("softmax_binary", 3, [(4, "tanh"), (3, "softmax")], "binary", seed=16)
    network("weighted", 3, [(4, "tanh"), (2, "sigmoid")], "binary", seed=17,
            weights=[1, 0, 2.5, 0.3])
    network("softmax_hidden", 3, [(4, "softmax"), (2, "linear")], "half_squared", seed=18)
    network("multi_sigmoid_slope", 3, [(4, "tanh"), (3, "sigmoid 0.7")], "categorical", seed=19)
    network("mixed_bias", 3, [(4, "sigmoid", [], False), (3, "tanh"),
                              (2, "linear", [(1, 0, "full")], False)],
            "half_squared", batch=7, seed=20)
    network("log_cosh", 3, [(4, "tanh"), (2, "linear")], "log_cosh", seed=21)
    network("poisson", 3, [(4, "tanh"), (2, "linear")], "poisson", seed=22)
    network("pinball", 3, [(4, "tanh"), (2, "linear")], "pinball", seed=23)
    network("quantiles", 3, [(4, "tanh"), (6, "linear")], "quantiles", seed=30)
    network("gaussian", 3, [(4, "tanh"), (6, "linear")], "gaussian", seed=31)
    network("gaussian_full", 3, [(4, "tanh"), (2, "tanh")], "gaussian_full", seed=32,
            weights=[1, 0, 2.5, 0.3])
    # Layers without weights, or with those of their own.
    network("residual", 3, [(4, "tanh"), (3, "linear"), (3, "direct linear", [(0, 0, "add")], False),
                            (2, "linear")], "half_squared", seed=24)
    network("layer_norm", 3, [(5, "linear"), (5, "layer_norm"), (5, "direct tanh", [], False),
                              (2, "linear")], "half_squared", seed=25)
    network("layer_norm_output", 3, [(4, "tanh"), (4, "layer_norm", [(1, 0, "add")])],
            "half_squared", batch=1, seed=26)
    network("added_input", 3, [(3, "tanh", [(0, 0, "add")]), (2, "sigmoid")], "binary", seed=27)
    network("embedding", 1, [(4, "lookup 6 linear", [], False), (5, "tanh"), (6, "softmax")],
            "categorical", batch=9, seed=28, indices=6)
    network("embedding_tanh", 1, [(4, "lookup 3 tanh"), (2, "linear")], "half_squared", batch=5,
            seed=29, indices=3)
