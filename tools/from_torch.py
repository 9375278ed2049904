#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns a state_dict of PyTorch into a network's file that backfold::load reads.

usage: from_torch.py STATE.pt MODEL.safetensors PREFIX=KIND[:ACTIVATION[:SETTING]] ...

One argument a module, in order: the prefix of its names in the state_dict, Linear, RNN, LSTM or GRU
(stacks are found by their names), and for Linear the activation that follows it (Linear if none is
given), for RNN Tanh or Relu:

    from_torch.py mlp.pt model.safetensors 0=Linear:Tanh 2=Linear:Softmax
    from_torch.py text.pt model.safetensors lstm=LSTM fc=Linear
    from_torch.py net.pt model.safetensors hidden=Linear:LeakyRelu:0.2 out=Linear

Torch's outputs for a few inputs are stored with the network; `load` compares them.

Needs NumPy and torch alone.
"""
import sys

import numpy
import safetensors_numpy
import torch
import torch_layers


def layer_of(kind, index, units, activation, setting, bias):
    """The description of a layer."""
    connections = [{"from": index - 1, "delay": 0, "weights": "full"}]
    if kind != "Linear":
        connections.append({"from": index, "delay": 1, "weights": "full"})
    layer = {"type": {"LSTM": "Lstm", "GRU": "Gru"}.get(kind, "Dense"), "units": units,
             "connections": connections}
    if bias:
        layer["bias_columns"] = 2 if kind in ("LSTM", "GRU") else 1
    if layer["type"] == "Dense":
        if activation not in torch_layers.ACTIVATIONS:
            raise ValueError(f"no activation {activation}; there are "
                             f"{', '.join(torch_layers.ACTIVATIONS)}")
        layer["activation"] = activation
        settings = dict(torch_layers.ACTIVATIONS[activation][1])
        if setting is not None:
            (name, ) = settings
            settings[name] = float(setting)
        if settings:
            layer["settings"] = settings
    return layer


def arrays_of(kind, state, prefix, k):
    """The weights of layer k of a module under our names."""
    def value(name):
        if f"{prefix}.{name}" not in state:
            raise ValueError(f"the state_dict has no {prefix}.{name}; it has {', '.join(state)}")
        return state[f"{prefix}.{name}"].detach().cpu().numpy()

    if kind == "Linear":
        names = {"weight": "weight", "bias": "bias"}
        return {ours: value(theirs) for ours, theirs in names.items()
                if ours == "weight" or f"{prefix}.{theirs}" in state}
    arrays = {"weight": value(f"weight_ih_l{k}"), "recurrent": value(f"weight_hh_l{k}")}
    if f"{prefix}.bias_ih_l{k}" in state:
        biases = numpy.stack([value(f"bias_ih_l{k}"), value(f"bias_hh_l{k}")])
        arrays["bias"] = biases.sum(0) if kind == "RNN" else biases
    return arrays


def from_torch(state, path, modules):
    """Writes the file. @param modules (prefix, kind, activation, setting) of each"""
    layers, arrays, starts = [], {}, []
    for prefix, kind, activation, setting in modules:
        if kind not in ("Linear", "RNN", "LSTM", "GRU"):
            raise ValueError(f"{prefix}: no kind {kind}; there are Linear, RNN, LSTM, GRU")
        if any(f"{prefix}.{name}" in state for name in ("weight_ih_l0_reverse", "weight_hr_l0")):
            raise ValueError(f"{prefix}: layers that are bidirectional or have projections cannot be "
                             "exchanged")
        starts.append(max(len(layers), 1))
        k = 0
        while k == 0 or (kind != "Linear" and f"{prefix}.weight_ih_l{k}" in state):
            own = arrays_of(kind, state, prefix, k)
            if not layers:
                layers.append({"type": "Input", "units": own["weight"].shape[1]})
            rows = own["weight"].shape[0] // {"LSTM": 4, "GRU": 3}.get(kind, 1)
            layers.append(layer_of(kind, len(layers), rows, activation, setting, "bias" in own))
            arrays.update({f"layer{len(layers) - 1}.{n}": a for n, a in own.items()})
            k += 1
    write_with_outputs(path, layers, arrays, state, dict(zip(starts, (m[0] for m in modules))))


def write_with_outputs(path, layers, arrays, state, prefixes):
    """Lets torch compute the outputs for the stored pair from its own state_dict.
    @param prefixes of the modules, by the index of their first layer"""
    dtype = arrays["layer1.weight"].dtype
    parts = torch_layers.parts_of(layers, torch.from_numpy(arrays["layer1.weight"]).dtype, prefixes)
    for part, prefix in zip(parts, prefixes.values()):
        part.module.load_state_dict({key[len(prefix) + 1:]: value for key, value in state.items()
                                     if key.startswith(prefix + ".")})
    inputs = numpy.random.default_rng(1).uniform(-1, 1, (4, layers[0]["units"])).astype(dtype)
    arrays = {**arrays, "example.inputs": inputs,
              "example.outputs": torch_layers.run(parts, inputs)}
    safetensors_numpy.write_model(path, arrays, {"format": 1, "version": "from_torch.py",
                                                 "layers": layers})


def module_of(text):
    prefix, _, rest = text.partition("=")
    kind, *more = rest.split(":")
    activation = more[0] if more else "Tanh" if kind == "RNN" else "Linear"
    return prefix, kind, activation, more[1] if len(more) > 1 else None


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    loaded = torch.load(sys.argv[1], map_location="cpu")
    from_torch(loaded if isinstance(loaded, dict) else loaded.state_dict(), sys.argv[2],
               [module_of(text) for text in sys.argv[3:]])
