// SPDX-License-Identifier: MIT
#include "backfold/data/one_hot.hpp"

#include <limits>
#include <vector>

#include "catch.hpp"

using namespace backfold;

TEST_CASE("labels come back from one-hot targets") {
  const std::vector<Index> labels = {2, 0, 1, 1, 3};
  CHECK(labels_of(one_hot<float>(labels, 4)) == labels);
  CHECK(labels_of(one_hot<double>(std::vector<Index>{}, 3)).empty());
}

TEST_CASE("the label of outputs is the largest, the first of several, or yes over a half") {
  Eigen::MatrixXd y(3, 3);
  y << .1, .4, .3, .7, .2, .3, .2, .4, .3;
  CHECK(labels_of(y) == std::vector<Index>{1, 0, 0});
  CHECK(labels_of(-y) == std::vector<Index>{0, 1, 0});  // an expression
  CHECK(labels_of(y.array()) == labels_of(y));
  CHECK(labels_of(Eigen::Matrix3d::Identity() * y) == labels_of(y));
  CHECK(labels_of(Eigen::RowVector4f(0.4f, 0.5f, 0.6f, -2)) == std::vector<Index>{0, 0, 1, 0});
}

TEST_CASE("outputs without an order have no labels") {
  Eigen::MatrixXd y = Eigen::MatrixXd::Zero(2, 3);
  y(1, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(labels_of(y),
                    "labels_of: outputs hold a number that is not finite at row 1, column 2");
  CHECK_THROWS_WITH(labels_of(Eigen::MatrixXd(0, 3)), "labels_of: outputs have no rows");
}
