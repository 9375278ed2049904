# SPDX-License-Identifier: MIT
"""Files of save_onnx pass ONNX's own checker, and its shape inference finds the shapes that they claim.

usage: onnx_check.py PROGRAM     (tests/package/onnx_models.cpp)
"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import onnx
except ImportError:
    print("Python's onnx is not there")
    sys.exit(77)


def shapes(values):
    return {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}


with tempfile.TemporaryDirectory() as folder:
    subprocess.run([pathlib.Path(sys.argv[1]).resolve(), folder], check=True)
    files = sorted(pathlib.Path(folder).glob("*.onnx"))
    for file in files:
        model = onnx.load(str(file))
        onnx.checker.check_model(model, full_check=True)
        claimed = shapes(model.graph.output)
        del model.graph.output[:]
        names = list(claimed)
        for name in names:
            model.graph.output.add().name = name  # inferred, not copied from what the file claims
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True,
                                                     data_prop=True)
        assert shapes(inferred.graph.output) == claimed, (file.name, shapes(inferred.graph.output))
        print(f"{file.name}: {file.stat().st_size} bytes, {len(model.graph.node)} nodes, "
              f"{', '.join(names)}")
    assert files
print(f"{len(files)} files pass the checker")
