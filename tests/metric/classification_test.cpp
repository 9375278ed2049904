// SPDX-License-Identifier: MIT
#include "backfold/metric/classification.hpp"

#include "catch.hpp"
#include "numbers.hpp"

using namespace backfold;

TEST_CASE("one output counts as two classes, no and yes, in each metric") {
  Eigen::RowVectorXd y(6), z(6);
  y << .9, .1, .8, .2, .7, .4;
  z << 1, 0, 0, 0, 1, 1;
  Matrix<Index> expected(2, 2);
  expected << 2, 1, 1, 2;
  CHECK(confusion_matrix(y, z) == expected);
  CHECK(accuracy(y, z) == Approx(4.0 / 6));
  // As two outputs that say the same.
  Eigen::MatrixXd two(2, 6), targets(2, 6);
  two << (1 - y.array()).matrix(), y;
  targets << (1 - z.array()).matrix(), z;
  CHECK(confusion_matrix(two, targets) == expected);
  CHECK(accuracy(two, targets) == accuracy(y, z));
}

TEST_CASE("the diagonal of the confusion matrix is what accuracy counts") {
  const Eigen::MatrixXd y = numbers(4, 50, 1);
  Eigen::MatrixXf z = Eigen::MatrixXf::Constant(4, 50, -1);  // 1 and −1 do as well
  for (Index s = 0; s < 50; ++s) z(s * s % 4, s) = 1;
  const Matrix<Index> counts = confusion_matrix(y, z);
  CHECK(counts.sum() == 50);
  CHECK(double(counts.diagonal().sum()) / 50 == accuracy(y, z));
}

TEST_CASE("no samples are counted as none") {
  CHECK(confusion_matrix(Eigen::MatrixXd(3, 0), Eigen::MatrixXd(3, 0)) ==
        Matrix<Index>::Zero(3, 3));
}
