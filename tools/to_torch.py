#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns a network's file into a state_dict of PyTorch.

usage: to_torch.py MODEL.safetensors STATE.pt [PREFIX ...]

Each Linear, RNN, LSTM or GRU gets a prefix of names, in order: layer1, layer3, ... unless others are
given. Equal recurrent layers in sequence are one module with num_layers. The outputs stored in the
file are compared with torch's. The program prints the modules that the state_dict belongs to.

Needs NumPy and torch alone.
"""
import sys

import safetensors_numpy
import torch
import torch_layers


def fill(part, arrays):
    """Sets the weights of a torch module from arrays of our names."""
    state = {}
    for k, layer in enumerate(part.layers):
        name = f"layer{layer['index']}."
        own = {key[len(name):]: torch.tensor(value) for key, value in arrays.items()
               if key.startswith(name)}
        if isinstance(part.module, torch.nn.Linear):
            state["weight"] = own["weight"]
            if "bias" in own:
                state["bias"] = own["bias"]
            continue
        state[f"weight_ih_l{k}"], state[f"weight_hh_l{k}"] = own["weight"], own["recurrent"]
        if "bias" in own:  # torch.nn.RNN has two, ours one
            two = own["bias"].dim() == 2
            state[f"bias_ih_l{k}"] = own["bias"][0] if two else own["bias"]
            state[f"bias_hh_l{k}"] = own["bias"][1] if two else torch.zeros_like(own["bias"])
    part.module.load_state_dict(state)


def to_torch(path, prefixes=()):
    """The modules and the state_dict."""
    arrays, model = safetensors_numpy.read_model(path)
    layers = model["layers"]
    for index, layer in enumerate(layers):
        layer["index"] = index
    dtype = torch.from_numpy(arrays["example.inputs"][:0].copy()).dtype
    parts = torch_layers.parts_of(layers, dtype)
    prefixes = list(prefixes) or [f"layer{part.layers[0]['index']}" for part in parts]
    if len(prefixes) != len(parts):
        raise ValueError(f"{path}: has {len(parts)} modules for torch, got {len(prefixes)} prefixes")
    state = {}
    for prefix, part in zip(prefixes, parts):
        fill(part, arrays)
        state.update({f"{prefix}.{key}": value for key, value in part.module.state_dict().items()})
    torch_layers.require_equal(path, parts, arrays["example.inputs"], arrays["example.outputs"])
    return dict(zip(prefixes, parts)), state


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    modules, result = to_torch(sys.argv[1], sys.argv[3:])
    torch.save(result, sys.argv[2])
    for name, one in modules.items():
        print(f"{name} = torch.nn.{one.module}", one.layers[-1].get("activation", ""))
