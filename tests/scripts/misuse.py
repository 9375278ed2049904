# SPDX-License-Identifier: MIT
"""Misuse at compile time: each tests/failure/*.cpp compiles as it is, and with -DMISUSE fails with a
first error that its `// expect:` line matches. Messages that list a layer's options list all. An
older C++ is refused with one error, not a thousand.

usage: misuse.py PROJECT COMPILER EIGEN_INCLUDE
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile

from precompiled import precompiled

project, compiler, eigen = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
include = [f"-I{project / 'include'}", "-isystem", eigen]


def build(file, *command):
    return subprocess.run([*command, "-fsyntax-only", str(file)], text=True, capture_output=True)


def check(file, command):
    expected = re.match(r"// expect: (.*)", file.read_text().splitlines()[1]).group(1)
    right = build(file, *command)
    if right.returncode != 0:
        return f"{file.name}: the right use does not compile:\n{right.stderr}"
    wrong = build(file, *command, "-DMISUSE")
    if wrong.returncode == 0:
        return f"{file.name}: the misuse compiles"
    first = next(line for line in wrong.stderr.splitlines() if "error:" in line)
    if not re.search(expected, first):
        return f"{file.name}: expected {expected!r}, the first error is\n  {first}"
    return ""


def check_language(file):
    wrong = build(file, compiler, "-std=c++17", *include)
    errors = [line for line in wrong.stderr.splitlines() if re.search(r"error:", line)]
    if wrong.returncode == 0 or len(errors) > 2 or "needs C++20" not in errors[0]:
        return f"-std=c++17: expected one error that asks for C++20, got {errors[:3]}"
    return ""


def check_options():
    """Finds options of layers that the message about them lacks."""
    layers = project / "include/backfold/layer"
    option = r"struct (\w+) \{(?:(?!\n\};).)*?static constexpr Connection (?:connection|chain|loop)"
    options = set(re.findall(option, (layers / "connection.hpp").read_text(), re.DOTALL))
    options |= {"Name", "NoBias", "LearntStart"}
    one_to_one = {"SelfRecurrent", "Add", "Direct"}
    refused = {"dense": {"Through"}, "cell": one_to_one, "min_gru": one_to_one | {"Through"}}
    for layer in refused:
        text = (layers / f"{layer}.hpp").read_text()
        message = re.search(r"backfold: an option of .*?\);", text, re.DOTALL)[0]
        for name in sorted(options - refused[layer]):
            if not re.search(rf"\b{name}\b", message):
                yield f"{layer}.hpp: the message about options lacks {name}"


files = sorted((project / "tests/failure").glob("*.cpp"))
with (tempfile.TemporaryDirectory() as folder,
      concurrent.futures.ThreadPoolExecutor(2) as pool):
    command = precompiled([compiler, "-std=c++20", *include], "backfold/backfold.hpp", folder)
    errors = [*pool.map(lambda file: check(file, command), files), check_language(files[0]), *check_options()]
errors = [e for e in errors if e]
print("\n".join(errors) or f"{len(files)} misuses are refused")
sys.exit(bool(errors) or len(files) == 0)
