#!/bin/sh
# SPDX-License-Identifier: MIT
# Some tests as 32-bit x86 programs: with SSE, and with the x87 unit alone, whose excess precision
# and small address space are other machines' too. Needs g++-multilib and lib32z1-dev.
set -eu
compiler=$1 project=$2 eigen=$3 work=$4/bits32
cd "$project"
mkdir -p "$work"
tests="core/size core/product core/elementwise core/finite network/memory gradient/reference_mlp data/idx"

build() { # the name of the kind, a source, flags
  kind=$1 source=$2
  shift 2
  echo "$compiler -m32 $* -std=c++20 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror" \
    "-Iinclude -Itests -isystem $eigen '-DBACKFOLD_TEST_REFERENCE_DIR=\"tests/reference\"'" \
    "-c $source -o $work/$kind-$(echo "$source" | tr / -).o"
}

rm -f "$work"/*.o
for source in tests/catch_main.cpp $(printf 'tests/%s_test.cpp ' $tests); do
  build sse "$source" -msse2 -mfpmath=sse
  build x87 "$source" -mno-sse
done | xargs -P 2 -d '\n' -n 1 sh -c
for kind in sse x87; do
  "$compiler" -m32 "$work/$kind"-*.o -lz -o "$work/$kind"
  "$work/$kind"
done
