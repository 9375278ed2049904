// SPDX-License-Identifier: MIT
#include "backfold/core/size.hpp"

#include <limits>
#include <string>

#include "backfold/core/sized_map.hpp"
#include "catch.hpp"

using namespace backfold;
using detail::Size;

namespace {

constexpr Index largest = (std::numeric_limits<Index>::max)();

static_assert((Size(3) * 4 + 5).value() == 17);
static_assert(Size(17).rounded_up(8) == Size(24));
static_assert(Size(16).rounded_up(8) == Size(16));

}  // namespace

TEST_CASE("a size that cannot be counted stays one through sums and products") {
  const Index half = Index{1} << (4 * sizeof(Index));
  for (const Size size : {Size(half) * half, Size(largest) * largest, Size(largest) + largest,
                          Size(Size::most) + 1, Size(Size::most).rounded_up(Size::most - 1),
                          Size(largest).rounded_up(16), Size(-1), Size(half) * half * 1 + 0}) {
    CHECK_FALSE(size.is_countable());
    CHECK_FALSE((size + 0).is_countable());
    CHECK_FALSE((size * 1).is_countable());
    CHECK_THROWS_WITH(size.value("a batch of ", 3),
                      "a batch of 3: more numbers than can be counted");
  }
  CHECK(Size(Size::most).value() == Size::most);
  CHECK((Size(largest) * 0).value() == 0);
}

TEST_CASE("an integer of another type becomes an Index whole or not at all") {
  CHECK(detail::to_index("n", 3u) == 3);
  CHECK(detail::to_index("n", static_cast<signed char>(-3)) == -3);
  const long long wide = (1LL << 32) + 3;
  if (sizeof(Index) < sizeof wide) {
    CHECK_THROWS_WITH(detail::to_index("n", wide), "n: more numbers than can be counted");
  } else {
    CHECK(detail::to_index("n", wide) == static_cast<Index>(wide));
  }
}

TEST_CASE("a view takes what has its size, in all the ways of Eigen, and refuses the rest") {
  double numbers[8] = {0, 0, 0, 0, 0, 0, 7, 7};
  detail::SizedMap<Eigen::MatrixXd, Dynamic, 3> view(numbers, 2, 3);
  detail::SizedMap<Eigen::VectorXd, Dynamic, 1> column(numbers, 3, 1);
  const Eigen::MatrixXd fits = Eigen::MatrixXd::Constant(2, 3, 2), large(2, 4), turned(3, 2);
  view = fits;
  view += fits;
  view -= fits * 0.5;
  CHECK(view == fits * 1.5);
  column = Eigen::RowVectorXd::Constant(3, 5);
  CHECK(numbers[2] == 5);
  column = Eigen::Vector3d(1, 2, 3);
  CHECK(numbers[2] == 3);
  CHECK_THROWS_WITH(view = large, "view: it is 2 x 3, what is assigned 2 x 4");
  CHECK_THROWS_WITH(view += large, "view: it is 2 x 3, what is assigned 2 x 4");
  CHECK_THROWS_WITH(view -= turned, "view: it is 2 x 3, what is assigned 3 x 2");
  CHECK_THROWS_WITH(column = Eigen::VectorXd::Zero(8), "view: it is 3 x 1, what is assigned 8 x 1");
  CHECK_THROWS_WITH(column = Eigen::RowVectorXd::Zero(2),
                    "view: it is 3 x 1, what is assigned 2 x 1");
  double others[8] = {};
  const detail::SizedMap<Eigen::MatrixXd, Dynamic, 3> other(others, 1, 3);
  CHECK_THROWS_WITH(view = other, "view: it is 2 x 3, what is assigned 1 x 3");
  view.noalias() = fits * Eigen::Matrix3d::Identity();
  view.noalias() += fits * Eigen::Matrix3d::Identity();
  CHECK(view == fits * 2);
  CHECK_THROWS_WITH(view.noalias() = large.transpose() * fits,
                    "view: it is 2 x 3, what is assigned 4 x 3");
  CHECK(numbers[6] == 7);
}
