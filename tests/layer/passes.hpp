// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/backfold.hpp"
#include "catch.hpp"

/// Our own checks on a layer.
template <class L>
void passes(const L& layer) {
  const backfold::Report report = backfold::check_layer(layer);
  INFO(report.failures());
  CHECK(report.ok());
}
