# SPDX-License-Identifier: MIT
"""A header compiled once for many small programs: most of their time goes into parsing Eigen."""
import pathlib
import subprocess


def precompiled(command, header, folder):
    """The compiler command (compiler and all its flags) that begins each program with `header`."""
    prefix = pathlib.Path(folder, "prefix.hpp")
    prefix.write_text(f"#include <{header}>\n")
    subprocess.run([*command, "-x", "c++-header", prefix, "-o", f"{prefix}.gch"], check=True)
    return [*command, "-Winvalid-pch", "-include", str(prefix)]
