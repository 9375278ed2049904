#!/bin/sh
# SPDX-License-Identifier: MIT
# A program built with the flags that pkg-config gives.
set -eu
compiler=$1 prefix=$2 consumer=$3 work=$4
flags=$(PKG_CONFIG_PATH=$prefix/share/pkgconfig pkg-config --cflags backfold)
# shellcheck disable=SC2086
"$compiler" $flags "$consumer/main.cpp" "$consumer/other.cpp" -o "$work/pkg_config"
"$work/pkg_config"
