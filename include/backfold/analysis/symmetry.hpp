// SPDX-License-Identifier: MIT
#pragma once

/// Symmetries of weight space: other values of w that give the same function f.
///
///     negate_unit, exchange_units, permute_units      go to an equivalent network
///     equivalent_count, log_equivalent_count          how many there are: Π |H|!·2^|H|
///     canonicalise                                    goes to their representative
///     equivalent                                      whether two networks are such
///
/// They are loops over layers(net) and blocks(net). Each layer declares the symmetry of its units
/// as unit_symmetry (activation/unit_symmetry.hpp).

#include "backfold/analysis/canonical_form.hpp"
#include "backfold/analysis/equivalent.hpp"
#include "backfold/analysis/equivalent_count.hpp"
#include "backfold/analysis/unit_exchange.hpp"
