#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds a program with a compiler and options that need not be there, and runs it.
# usage: built_with.sh COMPILER INCLUDE EIGEN OUTPUT SOURCE OPTIONS...   (RUN: a command to run it by)
# Exit status 77 where the compiler cannot build programs so, or what it builds does not run here.
set -eu
compiler=$1 include=$2 eigen=$3 output=$4 source=$5
shift 5
command -v "$compiler" > /dev/null || exit 77
printf '#include <vector>\nint main() { return static_cast<int>(std::vector<double>(9).size()) - 9; }\n' \
  > "$output.probe.cpp"
"$compiler" -std=c++20 "$@" "$output.probe.cpp" -o "$output" 2> /dev/null || exit 77
${RUN:-} "$output" 2> /dev/null || exit 77
"$compiler" -std=c++20 -w -I"$include" -isystem "$eigen" "$@" "$source" -o "$output"
${RUN:-} "$output"
