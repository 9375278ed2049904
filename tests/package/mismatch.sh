#!/bin/sh
# SPDX-License-Identifier: MIT
# Two objects that disagree on Eigen's alignment must not link: they would share objects of
# different layout.
set -eu
compiler=$1 include=$2 eigen=$3 work=$4/mismatch
mkdir -p "$work"
cat > "$work/a.cpp" <<'END'
#include <backfold/core/types.hpp>
#include <backfold/core/random.hpp>
void use(backfold::Random&);
int main() { backfold::Random random; use(random); }
END
cat > "$work/b.cpp" <<'END'
#include <backfold/core/random.hpp>
void use(backfold::Random& random) { random(); }
END
build() { "$compiler" -std=c++20 -I"$include" -isystem "$eigen" "$@"; }
build -c "$work/a.cpp" -o "$work/a.o"
build -c "$work/b.cpp" -o "$work/b.o"
build -mavx -c "$work/b.cpp" -o "$work/b_avx.o"
build "$work/a.o" "$work/b.o" -o "$work/same"
if build "$work/a.o" "$work/b_avx.o" -o "$work/different" 2> "$work/errors"; then
  echo "objects of different alignment were linked"
  exit 1
fi
grep -q "undefined reference" "$work/errors"
