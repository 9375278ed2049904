#!/bin/sh
# SPDX-License-Identifier: MIT
# A program with versions of a file for several processors takes the best one on each. Older
# processors are QEMU's, where it is installed.
set -eu
cmake=$1 generator=$2 compiler=$3 project=$4 work=$5/versions
for way in add_subdirectory find_package; do
  "$cmake" -S "$project/tests/package/versions" -B "$work/$way" -G "$generator" -DWAY=$way \
    -DCMAKE_CXX_COMPILER="$compiler" -DBACKFOLD_SOURCE_DIR="$project" \
    -DCMAKE_PREFIX_PATH="$5/install" > /dev/null
  "$cmake" --build "$work/$way" > /dev/null
  "$work/$way/versions"
done
if command -v qemu-x86_64 > /dev/null; then
  qemu-x86_64 -cpu Nehalem "$work/find_package/versions" 16
  qemu-x86_64 -cpu Haswell "$work/find_package/versions" 32
fi
