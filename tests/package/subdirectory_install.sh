#!/bin/sh
# SPDX-License-Identifier: MIT
# A project with Backfold as a subdirectory installs its own files, and Backfold's where it asks.
set -eu
cmake=$1 generator=$2 compiler=$3 project=$4 consumer=$5 work=$6/subdirectory_install
rm -rf "$work"
for asked in "" -DBACKFOLD_INSTALL=ON; do
  # shellcheck disable=SC2086
  "$cmake" -S "$consumer" -B "$work/build$asked" -G "$generator" -DWAY=add_subdirectory \
    -DCMAKE_CXX_COMPILER="$compiler" -DBACKFOLD_SOURCE_DIR="$project" $asked > /dev/null
  "$cmake" --build "$work/build$asked" > /dev/null
  "$cmake" --install "$work/build$asked" --prefix "$work/prefix$asked" > /dev/null
  [ -x "$work/prefix$asked/bin/consumer" ]
done
if [ "$(find "$work/prefix" -type f | wc -l)" != 1 ]; then
  echo "more is installed than the project's own program:"
  find "$work/prefix" -type f
  exit 1
fi
[ -f "$work/prefix-DBACKFOLD_INSTALL=ON/include/backfold/backfold.hpp" ]
