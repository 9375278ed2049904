// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>

namespace bf = backfold;

double error_elsewhere(const Eigen::MatrixXd& inputs, const Eigen::MatrixXd& targets) {
  const bf::Mlp<double, bf::Input<2>, bf::Dense<3, bf::Tanh>, bf::Dense<1, bf::Linear>> net;
  bf::Workspace workspace(net, inputs.cols());
  return bf::loss_of(net, bf::HalfSquaredError{}, bf::Samples(inputs, targets), workspace);
}
