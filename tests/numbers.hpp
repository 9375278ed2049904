// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "backfold/core/random.hpp"
#include "backfold/layer/initializer.hpp"

/// Numbers in [−1, 1), the same for a seed wherever they are asked for.
inline Eigen::MatrixXd numbers(Eigen::Index rows, Eigen::Index cols, std::uint64_t seed) {
  backfold::Random random(seed);
  Eigen::MatrixXd result(rows, cols);
  for (double& v : result.reshaped()) v = backfold::uniform(random, -1, 1);
  return result;
}

/// A network with weights, and biases that are not 0.
template <class N>
N made() {
  N net;
  backfold::Random random(21);
  net.initialize(backfold::Uniform{-0.9, 0.9}, random);
  using S = typename N::Scalar;
  for (S& w : net.parameters()) w += static_cast<S>(backfold::uniform(random, -0.2, 0.2));
  return net;
}
