// SPDX-License-Identifier: MIT
// Products with the Hessian against differences of the gradient.
#pragma once

#include "backfold/analysis/hessian.hpp"
#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

namespace hessians {

using namespace backfold;
using Eigen::VectorXd;

inline VectorXd vector_of(Index n, std::uint64_t seed) { return numbers(n, 1, seed); }

/// Central differences of the gradient along v.
template <class Net, class L>
VectorXd differences(Net net, const L& loss, const Sequences<double>& data, const VectorXd& v,
                     Reduction reduction) {
  Workspace workspace(net, data.batch(), data.steps);
  const double h = 1e-5;
  const VectorXd w = net.parameters();
  VectorXd up, down;
  net.parameters() = w + h * v;
  gradient(net, loss, data, workspace, up, {.reduction = reduction});
  net.parameters() = w - h * v;
  gradient(net, loss, data, workspace, down, {.reduction = reduction});
  return (up - down) / (2 * h);
}

template <class Net, class L>
void check(const Net& net, const L& loss, const Sequences<double>& data,
           Reduction reduction = Reduction::Sum) {
  const Index n = net.parameter_count();
  const VectorXd u = vector_of(n, 31), v = vector_of(n, 32);
  HessianProduct<Net> product(net);
  VectorXd Hu, Hv, g, expected;
  product(net, loss, data, v, Hv, reduction);
  CHECK(difference(Hv, differences(net, loss, data, v, reduction)) < 1e-6);
  product.gradient(g);
  Workspace workspace(net, data.batch(), data.steps);
  gradient(net, loss, data, workspace, expected, {.reduction = reduction});
  CHECK(difference(g, expected) < 1e-12);
  product(net, loss, data, u, Hu, reduction);
  CHECK(std::abs(v.dot(Hu) - u.dot(Hv)) < 1e-11 * (1 + v.norm() * Hu.norm()));
}

}  // namespace hessians
