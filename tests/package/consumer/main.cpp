// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>

double error_elsewhere(const Eigen::MatrixXd& inputs, const Eigen::MatrixXd& targets);

int main() {
  const Eigen::MatrixXd inputs = Eigen::MatrixXd::Ones(2, 3);
  const Eigen::MatrixXd targets = Eigen::MatrixXd::Ones(1, 3);
  // A network of zeros answers 0: three times ½.
  return error_elsewhere(inputs, targets) == 1.5 && BACKFOLD_VERSION_MAJOR >= 0 ? 0 : 1;
}
