# SPDX-License-Identifier: MIT
"""Networks exported as headers give our outputs: 1e-6 in float, 1e-12 in double. They compile without
warnings in each mode and compiler that is there, include nothing, and need no function from outside.

usage: header_export.py PROGRAM COMPILER     (tests/package/header_export.cpp)
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

program, first = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
compilers = [first] + [c for c in ("g++", "clang++-16", "clang++-19") if shutil.which(c)]
warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion",
            "-Werror"]
embedded = "arm-none-eabi-g++"
errors = []


def run(*command):
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if ended.returncode != 0:
        errors.append(f"{' '.join(map(str, command))}:\n{ended.stderr}{ended.stdout}")
    return ended.stdout


def entry(name, text):
    """A translation unit with one function from outside."""
    if "State" in text:
        return (f'#include "{name}.hpp"\nextern "C" void use(const {name}::Scalar* x, {name}::State* '
                f"state, {name}::Scalar* y) {{ {name}::step(x, *state, y); }}\n")
    return (f'#include "{name}.hpp"\nextern "C" void use(const {name}::Scalar* x, {name}::Scalar* y) '
            f"{{ {name}::predict(x, y); }}\n")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    print(run(program, folder), end="")
    for compiler in dict.fromkeys(compilers):
        for options in (["-O0"], ["-O2"], ["-Os"]):
            run(compiler, "-std=c++17", *options, *warnings, folder / "check.cpp", "-o",
                folder / "check")
            run(folder / "check")
    for header in sorted(folder.glob("*.hpp")):
        text = header.read_text()
        if re.search(r"^\s*#\s*include", text, re.M):
            errors.append(f"{header.name} includes something")
        source, thing = folder / "use.cpp", folder / "use.o"
        source.write_text(entry(header.stem, text))
        freestanding = ["-std=c++17", "-Os", "-ffreestanding", "-fno-exceptions", "-fno-rtti", *warnings]
        run(first, *freestanding, "-c", source, "-o", thing)
        needed = set(re.findall(r"U (\w+)", run("nm", thing)))
        if needed - {"memcpy", "memmove", "memset", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}:
            errors.append(f"{header.name} needs {sorted(needed)}")
        size = run("size", thing).split("\n")[1].split()
        print(f"{header.name}: {size[0]} bytes of code and constants, {size[1]} + {size[2]} of data")
        if int(size[1]) + int(size[2]) != 0:
            errors.append(f"{header.name} has data that is not constant")
        if shutil.which(embedded):
            run(embedded, *freestanding, "-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16",
                "-c", source, "-o", thing)
print("\n".join(errors) or "the headers give our outputs")
sys.exit(bool(errors))
