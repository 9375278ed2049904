// SPDX-License-Identifier: MIT
// Replaces a file of zeros by one of ones: what killed_save.py kills at each system call.
#include <backfold/data/npy.hpp>

int main(int, char** arguments) {
  try {
    backfold::write_npy(arguments[1], Eigen::MatrixXd(Eigen::MatrixXd::Ones(300, 100)));
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
