// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/gradient.hpp"
#include "backfold/second_order/lbfgs.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Trains a network by L-BFGS on all data at once, with any loss: the mean of E over the targets,
/// or their sum, to a minimum.
///
///     const auto result = bf::fit_lbfgs(net, bf::BinaryCrossEntropy{}, data, {.iterations = 200});
///
/// @param net starts at its parameters and ends at the least E found
/// @return see LbfgsResult
/// @throws std::invalid_argument for data or options that do not fit, or an E that is not finite at
/// the start
template <class Net, class L>
LbfgsResult<typename Net::Scalar> fit_lbfgs(Net& net, const L& loss,
                                            const Sequences<typename Net::Scalar>& data,
                                            const LbfgsOptions& options = {},
                                            Reduction reduction = Reduction::Mean) {
  using S = typename Net::Scalar;
  Workspace<Net> workspace(net, data.batch(), data.steps);
  auto objective = [&](const Vector<S>& w, Vector<S>& g) {
    return gradient(net, loss, data, workspace, g, {.reduction = reduction, .parameters = w});
  };
  const Vector<S> start = net.parameters();
  LbfgsResult<S> result = minimize(objective, start, options);
  net.parameters() = result.w;
  return result;
}

BACKFOLD_END_NAMESPACE
