# SPDX-License-Identifier: MIT
"""Each header compiles alone; it includes only its own room and lower floors; the umbrella has all.

usage: headers.py PROJECT COMPILER EIGEN_INCLUDE
The floors are read from the table in docs/design.md.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from precompiled import precompiled

project, compiler, eigen = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
root = project / "include"
headers = sorted(p.relative_to(root) for p in root.rglob("*.hpp"))
# They need more than Eigen, or cost compile time that few programs have a use for.
opt_in = {f"backfold/{name}.hpp" for name in (
    "activation/fast_sigmoid", "activation/fast_tanh",
    "analysis/canonical_form", "analysis/equivalent", "analysis/equivalent_count",
    "analysis/gradient_report", "analysis/hessian", "analysis/hidden_units",
    "analysis/jacobian",
    "analysis/sample_gradients", "analysis/symmetry", "analysis/transition",
    "analysis/unit_exchange", "analysis/unit_key",
    "core/dual", "core/file_writer", "core/interval", "core/number_text", "data/categories", "data/csv", "data/csv_blocks",
    "data/csv_reader", "data/csv_table", "data/csv_writer", "data/idx", "data/npy",
    "data/npy_file", "data/npy_header",
    "gradient/dual_pass", "gradient/dual_products", "gradient/forward_mode", "gradient/layer_statistics",
    "gradient/linearization",
    "gradient/step_tangent", "io/activation_deviation", "io/any_layer", "io/any_network", "io/any_state", "io/block_array",
    "io/checkpoint", "io/checkpoint_values", "io/checksum", "io/deviation", "io/export_checks", "io/header", "io/header_constants", "io/header_functions", "io/header_layers",
    "io/header_options",
    "io/json", "io/layer_deviation", "io/library_types", "io/little_endian", "io/load_any", "io/load_options", "io/model_info",
    "io/model_json", "io/network_deviation", "io/onnx", "io/onnx_activation", "io/onnx_cells",
    "io/onnx_connections", "io/onnx_graph", "io/onnx_layers", "io/onnx_network", "io/onnx_options",
    "io/onnx_scaling", "io/onnx_sequence", "io/onnx_sequence_checks",
    "io/protobuf_message", "io/quantisation_comment", "io/quantisation_error", "io/quantised", "io/safetensors", "io/tensor_file", "io/tensor_writer", "io/type_text",
    "io/weight_format",
    "layer/spectral_radius", "metric/roc_auc",
    "second_order/covariance_blocks", "second_order/damped_qr", "second_order/damping",
    "second_order/extended_kalman_filter", "second_order/fit_kalman", "second_order/fit_lbfgs",
    "second_order/fit_least_squares", "second_order/lbfgs", "second_order/lbfgs_options",
    "second_order/kalman_options", "second_order/least_squares",
    "second_order/least_squares_options", "second_order/least_squares_result",
    "second_order/output_jacobian", "second_order/residual_function", "training/hook/progress",
    "training/hook/trace", "training/hook/trace_csv")}
errors = []

# Rows such as "  activation/  loss/    one header each   floor 2".
floors = {}
for line in (project / "docs/design.md").read_text(encoding="utf-8").splitlines():
    row = re.match(r"\s*((?:[a-z_]+/\s+)+).*floor (\d+)\s*$", line)
    for room in re.findall(r"[a-z_]+", row.group(1)) if row else []:
        floors[room] = int(row.group(2))


def standing(room, header):
    if room not in floors:
        errors.append(f"{header}: docs/design.md gives no floor for {room}/")
    return floors.get(room)


for header in headers:
    if len(header.parts) == 2:  # the umbrella and the version
        continue
    text = (root / header).read_text(encoding="utf-8")
    if not text.startswith("// SPDX-License-Identifier: MIT\n#pragma once\n"):
        errors.append(f"{header} does not begin with the SPDX line and #pragma once")
    room = header.parts[1]
    floor = standing(room, header)
    for used in re.findall(r"^#include [\"<](backfold/[\w/.]+)", text, re.M):
        if used == "backfold/version.hpp":
            continue
        if used.count("/") == 1:
            errors.append(f"{header} includes the umbrella {used}")
            continue
        other = used.split("/")[1]
        below = standing(other, header)
        if other != room and None not in (floor, below) and below >= floor:
            errors.append(f"{header}: on floor {floor}, includes {used} on floor {below}")

umbrella = (root / "backfold/backfold.hpp").read_text(encoding="utf-8")
for header in headers:
    if header.name == "backfold.hpp" or "kernel" in header.parts:
        continue
    if (f'#include "{header}"' in umbrella) == (str(header) in opt_in):
        errors.append(f"backfold.hpp {'has' if str(header) in opt_in else 'lacks'} {header}")


def compiles(name, source, command):
    run = subprocess.run([*command, "-fsyntax-only", "-x", "c++", "-"],
                         input=source, text=True, capture_output=True)
    return "" if run.returncode == 0 else f"{name}:\n{run.stderr}"


def all_includes(header):
    """The headers of Backfold that a header includes, by way of others too, and itself."""
    found, open_ends = set(), {str(header)}
    while open_ends:
        found |= open_ends
        texts = [(root / h).read_text(encoding="utf-8") for h in open_ends]
        open_ends = set(re.findall(r"^#include \"(backfold/[^\"]+)", "".join(texts), re.M)) - found
    return found


# Twice the same header, and all headers in the order against the alphabet.
sources = {f"{h} does not compile alone": (h, f'#include "{h}"\n' * 2) for h in headers}
sources["the headers in backward order do not compile"] = ("backfold/backfold.hpp", "".join(
    f'#include "{h}"\n' for h in reversed(headers) if h.name != "backfold.hpp"))
with (tempfile.TemporaryDirectory() as folder,
      concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool):
    alone = [compiler, "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
             "-Werror", f"-I{root}", "-isystem", eigen]
    # Nothing is hidden by it: config.hpp, which nearly all include, begins with Eigen/Core.
    after_eigen = precompiled(alone, "Eigen/Core", folder)

    def check(name):
        header, source = sources[name]
        with_eigen = "backfold/core/config.hpp" in all_includes(header)
        return compiles(name, source, after_eigen if with_eigen else alone)

    errors += [e for e in pool.map(check, sources) if e]
print("\n".join(errors) or f"{len(headers)} headers are in order")
sys.exit(bool(errors) or not headers)
