// SPDX-License-Identifier: MIT
#include <array>
#include <span>
#include <type_traits>
#include <vector>

#include "backfold/data/windows.hpp"
#include "catch.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

using M = Eigen::MatrixXd;
using V = Eigen::VectorXd;
using RefToConst = Eigen::Ref<const M>;  // it may hold a copy of what it refers to
struct Derived : M {};

template <class... Given>
constexpr bool samples = std::is_constructible_v<Samples<double>, Given...>;
template <class... Given>
constexpr bool sequences = std::is_constructible_v<Sequences<double>, Given..., Index>;
template <class... Given>
constexpr bool windows = std::is_constructible_v<Windows<double>, Given..., WindowOptions>;

// Named matrices and views are taken, temporary matrices in any place are not.
static_assert(samples<M&, const M&> && sequences<M&, const M&> && windows<M&, const M&>);
static_assert(!samples<M, M> && !samples<M, M&> && !samples<M&, M> && !samples<M&, const M>);
static_assert(!sequences<M, M&> && !sequences<M&, M> && !windows<M, M&> && !windows<M&, M>);
static_assert(!samples<Derived, M&> && samples<Derived&, M&>);
static_assert(!samples<M&, Eigen::Array2Xd> && samples<M&, Eigen::Array2Xd&>);
static_assert(samples<Eigen::Map<const M>, Eigen::Block<M>> && samples<Eigen::Ref<M>, M&>);
static_assert(!samples<RefToConst, M&> && samples<RefToConst&, M&>);
static_assert(!samples<M&, M&, V> && samples<M&, M&, V&> && samples<M&, M&, Eigen::Map<V>>);
static_assert(!sequences<M&, M&, V> && sequences<M&, M&, const V&>);
static_assert(!samples<M&, M&, std::vector<double>> && samples<M&, M&, std::vector<double>&>);
static_assert(!samples<M&, M&, std::array<double, 6>>);
static_assert(samples<M&, M&, std::array<double, 6>&>);
static_assert(samples<M&, M&, std::span<const double>> && samples<M&, M&, std::span<double>&>);

}  // namespace

TEST_CASE("weights may be a vector of Eigen, of the standard library, or a view with a stride") {
  const M x = numbers(2, 6, 1), z = numbers(1, 6, 2);
  const std::vector<double> numbers = {1, 2, 3, 4, 5, 6};
  M table(3, 6);
  for (Index c = 0; c < 6; ++c) table(1, c) = numbers[std::size_t(c)];
  const Samples a(x, z, numbers), b(x, z, std::span(numbers)), c(x, z, table.row(1));
  const Sequences d(x, z, numbers, 3);
  for (const Samples<double>& data : {a, b, c, static_cast<const Samples<double>&>(d)}) {
    CHECK(data.weight_count == 6);
    for (Index i = 0; i < 6; ++i) {
      CHECK(data.weights[i * data.weight_stride] == numbers[std::size_t(i)]);
    }
  }
}

TEST_CASE("samples and sequences of the same views differ in what they say they are") {
  const M x = numbers(2, 6, 3), z = numbers(1, 6, 4);
  const Sequences<double> converted = Samples(x, z);
  CHECK(converted.are_samples());
  CHECK(converted[3].are_samples());
  CHECK_FALSE(Sequences(x, z, 1).are_samples());
  CHECK_FALSE(Sequences(x, z, 1)[3].are_samples());
  CHECK_FALSE(Windows(x, z, {.length = 1})[2].are_samples());
}
