# SPDX-License-Identifier: MIT
"""Networks exported as headers give our outputs: 1e-6 in float, 1e-12 in double. They compile without
warnings in each mode and compiler that is there, include nothing, and need no function from outside,
no malloc either. With arm-none-eabi-g++ and qemu-system-arm they run on a Cortex-M4 too.

usage: header_export.py PROGRAM COMPILER     (tests/package/header_export.cpp)
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

program, first = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
compilers = [first] + [c for c in ("g++", "clang++", "clang++-16", "clang++-19") if shutil.which(c)]
warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion",
            "-Werror"]
arm, emulator = "arm-none-eabi-", "qemu-system-arm"
cortex_m4 = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
start = pathlib.Path(__file__).resolve().parent.parent / "package/cortex_m4_start.cpp"
errors = []


def run(*command):
    command = [str(part) for part in command]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        errors.append(f"{' '.join(command)}: not ended after 120 s")
        return ""
    if ended.returncode != 0:
        errors.append(f"{' '.join(command)}:\n{ended.stderr}{ended.stdout}")
    return ended.stdout


def there(tool, loss):
    if not shutil.which(tool):
        print(f"skipped: no {tool}, {loss}")
    return shutil.which(tool)


def entry(name, text):
    """A translation unit with one function from outside."""
    if "State" in text:
        return (f'#include "{name}.hpp"\nextern "C" void use(const {name}::Scalar* x, {name}::State* '
                f"state, {name}::Scalar* y) {{ {name}::step(x, *state, y); }}\n")
    return (f'#include "{name}.hpp"\nextern "C" void use(const {name}::Scalar* x, {name}::Scalar* y) '
            f"{{ {name}::predict(x, y); }}\n")


def check_object(header, source, compiler, *options, tools=""):
    """The compiled network alone: no function from outside, no data that is not constant; its size."""
    thing = source.with_suffix(".o")
    run(compiler, "-std=c++17", "-Os", "-ffreestanding", "-fno-exceptions", "-fno-rtti", *warnings,
        *options, "-c", source, "-o", thing)
    needed = set(re.findall(r"U (\w+)", run(f"{tools}nm", thing)))
    needed -= {"memcpy", "memmove", "memset", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}
    # Arithmetic in double, for which the processor has no instructions.
    needed = {name for name in needed if not name.startswith("__aeabi_")}
    if needed:
        errors.append(f"{header.name}, compiled by {compiler}, needs {sorted(needed)}")
    size = run(f"{tools}size", thing).split("\n")[1].split()
    print(f"{header.name}, {compiler}: {size[0]} bytes of code and constants, {size[1]} + {size[2]} "
          "of data")
    if int(size[1]) + int(size[2]) != 0:
        errors.append(f"{header.name}, compiled by {compiler}, has data that is not constant")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    print(run(program, folder), end="")
    has_arm = there(f"{arm}g++", "the headers are not compiled for a Cortex-M4")
    has_emulator = has_arm and there(emulator, "the headers do not run on a Cortex-M4")
    for options in (["-O0"], ["-O2"], ["-Os"]):
        for compiler in dict.fromkeys(compilers):
            run(compiler, "-std=c++17", *options, *warnings, folder / "check.cpp", "-o",
                folder / "check")
            run(folder / "check")
        if has_emulator:
            run(f"{arm}g++", "-std=c++17", *options, *warnings, *cortex_m4, "--specs=rdimon.specs",
                "-Wl,--section-start=.vectors=0", folder / "check.cpp", start, "-o",
                folder / "check.elf")
            run(emulator, "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-serial",
                "none", "-semihosting", "-kernel", folder / "check.elf")
    for header in sorted(folder.glob("*.hpp")):
        text = header.read_text()
        if re.search(r"^\s*#\s*include", text, re.M):
            errors.append(f"{header.name} includes something")
        source = folder / "use.cpp"
        source.write_text(entry(header.stem, text))
        check_object(header, source, first)
        if has_arm:
            check_object(header, source, f"{arm}g++", *cortex_m4, tools=arm)
print("\n".join(errors) or "the headers give our outputs")
sys.exit(bool(errors))
