// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "backfold/gradient/gradient.hpp"
#include "backfold/loss/half_squared_error.hpp"

/// A network and sequences for it, their numbers drawn from [−1, 1).
template <class Net>
struct DrawnSequences {
  using S = typename Net::Scalar;
  backfold::Index steps, batch;
  Net net;
  backfold::Matrix<S> X, Z;
  backfold::Workspace<Net> workspace;

  explicit DrawnSequences(backfold::Index steps_, backfold::Index batch_,
                          const Net& network = Net())
      : steps(steps_),
        batch(batch_),
        net(network),
        X(net.inputs(), steps * batch),
        Z(net.outputs(), steps * batch),
        workspace(net, batch, steps) {
    backfold::Random random(3);
    auto draw = [&](auto&& numbers) {
      for (backfold::Index i = 0; i < numbers.size(); ++i) {
        numbers.data()[i] = static_cast<S>(backfold::uniform(random, -1, 1));
      }
    };
    draw(net.parameters());
    draw(X);
    draw(Z);
  }
  [[nodiscard]] backfold::Sequences<S> data() const { return {X, Z, steps}; }
  double loss(const backfold::PassOptions<Net>& options = {}) {
    return backfold::loss_of(net, backfold::HalfSquaredError{}, data(), workspace, options);
  }
  /// Written over NaN, so that a number that is left out shows.
  backfold::Vector<S> gradient(const backfold::PassOptions<Net>& options = {}) {
    backfold::Vector<S> g(net.parameter_count());
    g.setConstant(std::numeric_limits<S>::quiet_NaN());
    backfold::gradient(net, backfold::HalfSquaredError{}, data(), workspace, g, options);
    return g;
  }
};
