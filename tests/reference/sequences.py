# SPDX-License-Identifier: MIT
"""Reference values for recurrent networks from PyTorch's automatic differentiation.

Run with a Python that has torch (Debian: python3-torch, /usr/bin/python3):

    python3 tests/reference/sequences.py

It writes sequences/*.txt beside itself. The networks are described and computed as networks.py
says: the recursion written out, step by step. Wherever all layers have the form of torch.nn.RNN,
LSTM or GRU (or have no delay), a second computation with those modules, layer by layer over the
whole sequence, is asserted to give the same outputs, error and gradients.
"""
import torch

from networks import activations, make

compared = []  # names of the networks that torch.nn's modules were held against


def module_for(index, units, layer):
    """The torch.nn module with the weights of a layer, or None if it has not that form."""
    activation, links, weights, biases = layer
    if [link[1:] for link in links] != [(0, "full"), (1, "full")] or links[1][0] != index:
        return None
    kinds = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "tanh": torch.nn.RNN, "relu": torch.nn.RNN}
    if activation not in kinds:
        return None
    more = {"nonlinearity": activation} if activation in ("tanh", "relu") else {}
    module = kinds[activation](units[index - 1], units[index], bias=bool(biases), **more)
    with torch.no_grad():
        module.weight_ih_l0.copy_(weights[0])
        module.weight_hh_l0.copy_(weights[1])
        if biases:
            module.bias_ih_l0.copy_(biases[0][:, 0])
            module.bias_hh_l0.copy_(biases[1][:, 0] if len(biases) > 1 else 0 * biases[0][:, 0])
    return module


def hold_against_modules(name, steps, batch, net, X, Y, initial, error):
    """Computes the network by torch.nn's modules, if it can be, and asserts the same results."""
    modules = {index: module_for(index, net.units, layer)
               for index, layer in enumerate(net.layers, 1) if any(d for _, d, _ in layer[1])}
    plain = all(kind == "full" for _, links, _, _ in net.layers for _, _, kind in links)
    if not modules or None in modules.values() or not plain:
        return
    copy = lambda tensor: tensor.detach().clone().requires_grad_()
    first = {key: copy(value) for key, value in initial.items()}
    outputs = [copy(X)]
    parameters = []  # pairs: of the recursion, of this computation
    for index, (activation, links, weights, biases) in enumerate(net.layers, 1):
        if index in modules:
            module = modules[index]
            zero = torch.zeros(net.units[index], batch)
            state = first.get((index, 1), zero).T[None].contiguous()
            if activation == "lstm":
                state = (state, first.get((index, "c"), zero).T[None].contiguous())
            out, _ = module(outputs[index - 1].T.reshape(steps, batch, -1), state)
            outputs.append(out.reshape(steps * batch, -1).T)
            parameters += zip(weights + biases, module.parameters())
        else:
            own_weights, own_biases = [copy(t) for t in weights], [copy(t) for t in biases]
            terms = [w @ outputs[source] for w, (source, _, _) in zip(own_weights, links)]
            outputs.append(activations[activation](sum(terms) + sum(own_biases)))
            parameters += zip(weights + biases, own_weights + own_biases)
    error(outputs[-1]).backward()

    def same(what, value, expected):
        difference = (value.reshape(expected.shape) - expected).abs().max()
        assert difference <= 1e-13 * max(1, expected.abs().max()), (name, what, difference.item())

    same("outputs", outputs[-1], Y)
    same("error", error(outputs[-1]), error(Y))
    same("input gradient", outputs[0].grad, X.grad)
    for tensor, other in parameters:
        same("gradient", other.grad, tensor.grad)
    for key in initial:
        same(f"gradient of the initial state {key}", first[key].grad, initial[key].grad)
    compared.append(name)


def sequence(name, inputs, layers, loss, batch, steps, **kwargs):
    hold_against_modules(name, steps, batch, *make("sequences", name, inputs, layers, loss, batch,
                                                   steps, **kwargs))


T, B = 6, 3
elman = [(4, "tanh", [(1, 1, "full")]), (2, "linear")]
sequence("elman", 3, elman, "half_squared", B, T)
sequence("elman_alone", 3, elman[:1], "half_squared", B, T, seed=2)
sequence("elman_relu", 3, [(4, "relu", [(1, 1, "full")])], "half_squared", B, T, seed=3)
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
sequence("lstm_alone", 3, [(4, "lstm", [])], "half_squared", B, T, seed=22)
sequence("lstm_stacked", 2, [(3, "lstm", []), (4, "lstm", []), (2, "linear")], "half_squared", B, T,
         seed=23)
sequence("lstm_lengths", 2, [(3, "lstm", []), (2, "linear")], "half_squared", B, T, seed=24,
         lengths=[2, 6, 5])
sequence("lstm_initial", 2, [(3, "lstm", []), (2, "linear")], "half_squared", B, T, seed=25,
         initial=[(1, 1), (1, "c")])
sequence("gru_alone", 3, [(4, "gru", [])], "half_squared", B, T, seed=26)
sequence("gru_skip", 2, [(3, "gru", []), (2, "tanh", [(0, 0, "full")])], "half_squared", B, T,
         seed=27)
sequence("gru_between_dense", 2, [(3, "tanh"), (4, "gru", []), (2, "linear")], "half_squared", B, T,
         seed=28, initial=[(2, 1)])
# Smallest and longest.
sequence("batch_one", 2, elman, "half_squared", 1, 9, seed=29)
sequence("single_unit", 1, [(1, "tanh", [(1, 1, "full")])], "half_squared", 1, 4, seed=30)
# Two recurrences and a tap on the input; skips on recurrent layers, in either order of the options.
sequence("recurrences_and_tap", 2, [(4, "tanh", [(1, 1, "full"), (1, 2, "full"), (0, 2, "full")]),
                                    (2, "linear")], "half_squared", B, T, seed=31)
sequence("skip_onto_recurrent", 2, [(4, "tanh", [(1, 1, "full")]),
                                    (3, "tanh", [(0, 0, "full"), (2, 1, "full")]),
                                    (2, "linear", [(3, 1, "full"), (1, 0, "full")])],
         "half_squared", B, T, seed=32)
sequence("diagonal_output", 2, [(3, "sigmoid"), (2, "linear", [(2, 2, "diagonal"),
                                                               (0, 1, "full")], False)],
         "huber", B, T, seed=33)
sequence("softmax_entropy", 2, [(4, "tanh", [(1, 1, "full")]), (3, "softmax")], "categorical", B, T,
         seed=34)
# Steps without a target or with another weight, within sequences that end.
sequence("weighted_lengths", 2, elman, "half_squared", B, 4, seed=35, lengths=[4, 1, 3],
         weights=[1, 2, 0, 0.5, 1, 1, 0, 1, 3, 0.25, 1, 1])
sequence("weighted_last", 2, elman, "half_squared", B, T, seed=36, last=True, weights=[0.5, 2, 0])
# Targets that are missing one by one.
sequence("masked_targets", 2, elman, "half_squared", B, T, seed=71, masked=True)
sequence("masked_entropy", 2, [(3, "lstm", []), (3, "sigmoid")], "binary", B, T, seed=72,
         masked=True, lengths=[6, 2, 4])
sequence("masked_last", 2, [(4, "tanh", [(1, 1, "full")]), (3, "softmax")], "half_squared", B, T,
         seed=73, masked=True, last=True, weights=[1, 0, 2])
# State: of every layer, and longer than the sequence.
sequence("initial_everywhere", 2, [(3, "tanh", [(0, 2, "full"), (2, 1, "full")]),
                                   (2, "sigmoid", [(2, 2, "diagonal")])], "half_squared", B, T,
         seed=37, initial=[(0, 1), (0, 2), (2, 1), (2, 2)])
sequence("initial_longer", 2, [(4, "tanh", [(1, 3, "full")]), (2, "linear")], "half_squared", B, 2,
         seed=38, initial=[(1, 1), (1, 2), (1, 3)])
sequence("initial_elman_lengths", 2, elman, "half_squared", B, T, seed=39, lengths=[6, 1, 3],
         initial=[(1, 1)])
# Cells with options, beside other recurrences.
sequence("lstm_no_bias", 2, [(3, "lstm", [], False), (2, "linear")], "half_squared", B, T, seed=40)
sequence("lstm_back", 2, [(3, "lstm", [(2, 1, "full")]), (2, "tanh")], "half_squared", B, T,
         seed=41)
sequence("lstm_last", 2, [(3, "lstm", []), (2, "sigmoid")], "binary", B, T, seed=42, last=True)
sequence("gru_no_bias", 2, [(3, "gru", [], False), (2, "linear")], "half_squared", B, T, seed=43)
sequence("gru_options", 2, [(4, "tanh"), (3, "gru", [(0, 0, "full"), (3, 2, "full")]),
                            (2, "tanh")], "half_squared", B, T, seed=44)
sequence("gru_lengths", 2, [(3, "gru", []), (2, "linear")], "half_squared", B, T, seed=45,
         lengths=[3, 6, 1], initial=[(1, 1)])

# Layers without weights, or with those of their own, within loops and beside them.
sequence("min_gru", 2, [(4, "min_gru"), (2, "linear")], "half_squared", B, T, seed=46,
         initial=[(1, "c")])
sequence("min_gru_stacked", 2, [(3, "min_gru"), (4, "min_gru", [(0, 0, "full")], False),
                                (2, "tanh")], "half_squared", B, T, seed=47, lengths=[6, 2, 4])
sequence("min_gru_alone", 3, [(2, "min_gru")], "half_squared", 1, T, seed=48)
sequence("layer_norm_loop", 2, [(4, "linear", [(3, 1, "full")]), (4, "layer_norm"),
                                (4, "direct tanh", [], False), (2, "linear")], "half_squared", B, T,
         seed=49, initial=[(3, 1)])
sequence("layer_norm_lengths", 2, [(4, "tanh", [(2, 1, "full")]), (4, "layer_norm"),
                                   (2, "linear")], "half_squared", B, T, seed=50,
         lengths=[3, 6, 1])
sequence("added_past", 3, [(3, "tanh", [(1, 1, "add"), (0, 2, "add")]), (2, "linear")],
         "half_squared", B, T, seed=51)
sequence("residual_loop", 3, [(3, "tanh", [(2, 1, "full")]), (3, "direct linear", [(0, 0, "add")],
                                                              False), (2, "linear")],
         "half_squared", B, T, seed=52)
sequence("embedding_elman", 1, [(3, "lookup 5 linear", [], False), (4, "tanh", [(2, 1, "full")]),
                                (5, "softmax")], "categorical", B, T, seed=53, indices=5)
sequence("lookup_lstm", 1, [(3, "lookup 4 lstm"), (2, "linear")], "half_squared", B, T, seed=54,
         indices=4)

# So that the comparison cannot fall away unseen.
assert len(compared) >= 20, compared
print("held against torch.nn:", ", ".join(compared))
