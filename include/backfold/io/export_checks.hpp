// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/finite.hpp"
#include "backfold/data/scaling.hpp"
#include "backfold/network/network.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// @param format names the exporter in messages: "header"
/// @throws std::invalid_argument unless all parameters of a network are finite
template <class Net>
void check_finite_parameters(const char* format, const Net& net) {
  check_parameters(net);
  if (!all_finite(net.parameters().data(), net.parameter_count())) {
    fail_argument(format, ": the network has parameters that are not finite");
  }
}

/// @throws std::invalid_argument for a scaling of another size than the network's, unless that is 0
inline void check_scaling_size(const char* format, const char* what, const Scaling& scaling,
                               Index expected) {
  if (scaling.size() != 0 && scaling.size() != expected) {
    fail_argument(format, ": the scaling of ", what, " has ", scaling.size(),
                  " features, the network ", expected);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
