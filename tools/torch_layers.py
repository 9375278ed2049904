# SPDX-License-Identifier: MIT
"""A network of this library's layers as a torch module, for to_torch.py and from_torch.py."""
import copy

import numpy
import torch

# Name: function of (net, settings), settings with their defaults.
ACTIVATIONS = {
    "Linear": (lambda x, s: x, {}),
    "Sigmoid": (lambda x, s: torch.sigmoid(s["slope"] * x), {"slope": 1.0}),
    "Tanh": (lambda x, s: torch.tanh(s["slope"] * x), {"slope": 1.0}),
    "Relu": (lambda x, s: torch.relu(x), {}),
    "LeakyRelu": (lambda x, s: torch.nn.functional.leaky_relu(x, s["slope"]), {"slope": 0.01}),
    "Elu": (lambda x, s: torch.nn.functional.elu(x, s["alpha"]), {"alpha": 1.0}),
    "Gelu": (lambda x, s: torch.nn.functional.gelu(x), {}),
    "Silu": (lambda x, s: torch.nn.functional.silu(x), {}),
    "Softplus": (lambda x, s: torch.logaddexp(x, torch.zeros_like(x)), {}),
    "Softmax": (lambda x, s: torch.softmax(x, -1), {}),
}
CELLS = {"Lstm": torch.nn.LSTM, "Gru": torch.nn.GRU}


class Part:
    """A torch module that stands for one layer, or for a stack of recurrent ones."""

    def __init__(self, module, layers):
        self.module, self.layers = module, layers

    def __call__(self, x):
        last = self.layers[-1]
        if not isinstance(self.module, torch.nn.Linear):
            return self.module(x)[0]
        function, defaults = ACTIVATIONS[last["activation"]]
        return function(self.module(x), {**defaults, **last.get("settings", {})})


def chain(layer, index):
    """True if a layer's connections are those of a torch layer: from the layer before, and from
    itself for recurrent ones."""
    plain = {"from": index - 1, "delay": 0, "weights": "full"}
    itself = {"from": index, "delay": 1, "weights": "full"}
    return layer["connections"] in ([plain], [plain, itself])


def kind_of(layer, index):
    """Linear, RNN, LSTM or GRU."""
    if not chain(layer, index):
        raise ValueError(f"layer {index}: torch has no layer with the connections "
                         f"{layer['connections']}")
    if layer["type"] in CELLS:
        return layer["type"].upper()
    if layer["type"] != "Dense" or layer["activation"] not in ACTIVATIONS:
        raise ValueError(f"layer {index}: cannot be exchanged with torch: {layer['type']} "
                         f"{layer.get('activation', '')}")
    if len(layer["connections"]) == 1:
        return "Linear"
    if layer["activation"] == "Relu":
        return "RNN"
    if layer["activation"] == "Tanh" and layer["settings"] == {"slope": 1.0}:
        return "RNN"
    raise ValueError(f"layer {index}: torch.nn.RNN has tanh and relu without settings, not "
                     f"{layer['activation']} {layer.get('settings', '')}")


def parts_of(layers, dtype, starts=()):
    """The torch modules for layers; equal recurrent layers in sequence become one stack, unless a
    layer's index is among `starts`."""
    stacks = []
    for index in range(1, len(layers)):
        layer, before = layers[index], layers[index - 1]
        kind = kind_of(layer, index)
        signature = (kind, layer["units"], layer.get("activation"), layer.get("bias_columns"))
        same = stacks and stacks[-1][0] == signature
        if same and kind != "Linear" and index not in starts:
            stacks[-1][2].append(layer)
        else:
            stacks.append((signature, before["units"], [layer]))
    parts = []
    for (kind, units, activation, bias), inputs, members in stacks:
        settings = {"bias": bool(bias), "dtype": dtype}
        if kind == "RNN":
            settings["nonlinearity"] = activation.lower()
        if kind != "Linear":
            settings["num_layers"] = len(members)
        parts.append(Part(getattr(torch.nn, kind)(inputs, units, **settings), members))
    return parts


def run(parts, columns):
    """Outputs for columns (samples, or the steps of one sequence) in rows, as NumPy."""
    with torch.no_grad():
        x = torch.from_numpy(numpy.array(columns))
        for part in parts:
            x = part(x)
        return x.numpy()


def perturbed(parts):
    """Copies of modules with about half of the parameters smaller by one rounding."""
    parts = copy.deepcopy(parts)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for part in parts:
            for w in part.module.parameters():
                chosen = torch.randint(2, w.shape, generator=generator)
                w.mul_(1 - chosen.to(w.dtype) * torch.finfo(w.dtype).eps)
    return parts


def require_equal(path, parts, columns, expected):
    """Compares outputs to 1e-12 in double, 1e-6 in float, relative to 1 or the output, and to a
    hundred times the change that roundings of the parameters make: large terms may cancel."""
    tolerance = 1e-12 if expected.dtype == numpy.float64 else 1e-6
    got = run(parts, columns)
    amplified = 100 * abs(run(perturbed(parts), columns) - got).max(0)
    wrong = abs(expected - got) > tolerance * numpy.maximum(1, abs(expected)) + amplified
    if wrong.any() or expected.shape != got.shape:
        raise ValueError(f"{path}: expected the outputs\n{expected}\ngot\n{got}")
