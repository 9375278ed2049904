# SPDX-License-Identifier: MIT
"""Networks go to PyTorch and come back with the same bits; PyTorch's networks come here with the same
outputs, to 1e-12 in double and 1e-6 in float. What cannot be exchanged is refused.

usage: torch_exchange.py PROJECT PROGRAM     (tests/package/torch_model.cpp)
"""
import sys

sys.dont_write_bytecode = True
sys.path[0] = sys.argv[1] + "/tools"
import pathlib
import subprocess
import tempfile

try:
    import torch
except ImportError:
    print("PyTorch is not there")
    sys.exit(77)
import from_torch
import safetensors_numpy
import to_torch

program = pathlib.Path(sys.argv[2]).resolve()
specifications = {
    "mlp": ["a=Linear:Tanh", "b=Linear:LeakyRelu", "c=Linear:Softmax"],
    "rnn": ["rnn=RNN", "out=Linear"],
    "lstm": ["lstm=LSTM", "out=Linear"],
    "gru": ["gru=GRU", "out=Linear:Sigmoid"],
}


def torch_modules(kind, dtype):
    """Modules of torch's own with weights of its own."""
    linear = torch.nn.Linear
    if kind == "mlp":
        modules = {"a": linear(3, 5), "b": linear(5, 4), "c": linear(4, 2)}
    else:
        stack = getattr(torch.nn, kind.upper())(3, 4, num_layers=2)
        modules = {kind: stack, "out": linear(4, 2, bias=kind != "gru")}
    return torch.nn.ModuleDict(modules).to(dtype)


def refuses(modules, specification, message):
    state = torch.nn.ModuleDict(modules).state_dict()
    try:
        from_torch.from_torch(state, "never_written",
                              [from_torch.module_of(text) for text in specification])
    except ValueError as error:
        assert message in str(error), error
        return
    raise AssertionError(f"not refused: {message}")


torch.manual_seed(1)
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([program, "write", folder], check=True)
    for kind, specification in specifications.items():
        modules = [from_torch.module_of(text) for text in specification]
        for name, dtype in (("double", torch.float64), ("float", torch.float32)):
            path = f"{folder}/{kind}_{name}"
            _, state = to_torch.to_torch(path, [module[0] for module in modules])
            from_torch.from_torch(state, path + "_back", modules)
            from_torch.from_torch(torch_modules(kind, dtype).state_dict(), path + "_torch", modules)
    to_torch.to_torch(f"{folder}/cancelling")
    # Through the command lines, too.
    tools = pathlib.Path(sys.argv[1], "tools")
    run = [sys.executable, "-B"]
    state, model = f"{folder}/state.pt", f"{folder}/lstm_double"
    subprocess.run([*run, tools / "to_torch.py", model, state, "lstm", "out"], check=True)
    subprocess.run([*run, tools / "from_torch.py", state, model + "_back", *specifications["lstm"]],
                   check=True)
    ended = subprocess.run([program, "read", folder])

    arrays, model = safetensors_numpy.read_model(f"{folder}/mlp_double")
    model["layers"][3]["connections"].append({"from": 0, "delay": 0, "weights": "full"})
    safetensors_numpy.write_model(f"{folder}/skip", arrays, model)
    try:
        to_torch.to_torch(f"{folder}/skip")
        raise AssertionError("a skip connection is not refused")
    except ValueError as error:
        assert "torch has no layer with the connections" in str(error), error

refuses({"l": torch.nn.LSTM(2, 3, bidirectional=True)}, ["l=LSTM"], "bidirectional")
refuses({"l": torch.nn.Linear(2, 3)}, ["m=Linear"], "has no m.weight; it has l.weight, l.bias")
refuses({"l": torch.nn.Linear(2, 3)}, ["l=Linear:Tahn"], "no activation Tahn")
refuses({"l": torch.nn.Linear(2, 3)}, ["l=Conv"], "no kind Conv")
refuses({"l": torch.nn.RNN(2, 3)}, ["l=RNN:Sigmoid"], "torch.nn.RNN has tanh and relu")
sys.exit(ended.returncode)
