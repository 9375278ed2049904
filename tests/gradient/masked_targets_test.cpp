// SPDX-License-Identifier: MIT
#include <limits>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Loop = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<3, Linear>>;
using Gated = Rnn<double, Input<2>, Lstm<3>, Dense<3, Sigmoid>>;
using Classes = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<3, Softmax>>;
constexpr Index T = 5;
constexpr Index B = 3;
constexpr double missing_value = std::numeric_limits<double>::quiet_NaN();

template <class N>
N made() {
  N net;
  Random random(21);
  net.initialize(Uniform{-0.9, 0.9}, random);
  return net;
}

Eigen::MatrixXd numbers(Index rows, Index cols, std::uint64_t seed, double low = -1) {
  Random random(seed);
  Eigen::MatrixXd result(rows, cols);
  for (double& v : result.reshaped()) v = uniform(random, low, 1);
  return result;
}

/// 0 for some two fifths of the targets: in front, inside and at the end; all of column 4.
Eigen::MatrixXd mask_of(Index cols) {
  Eigen::MatrixXd mask = Eigen::MatrixXd::Ones(3, cols);
  Random random(5);
  for (double& m : mask.reshaped()) m = uniform(random, 0, 1) < 0.4 ? 0 : 1;
  mask.col(0).setZero();
  mask.col(cols - 1) << 1, 0, 0;
  if (cols > 4) mask.col(4).setZero();
  return mask;
}

/// NaN where the mask is 0.
Eigen::MatrixXd holed(Eigen::MatrixXd Z, const Eigen::MatrixXd& mask) {
  for (Index i = 0; i < Z.size(); ++i) {
    if (mask.data()[i] == 0) Z.data()[i] = missing_value;
  }
  return Z;
}

struct Evaluated {
  double E;
  Eigen::VectorXd g;
};

template <class N, class L>
Evaluated evaluate(const N& net, const L& loss, const Sequences<double>& data,
                   Reduction reduction = Reduction::Sum) {
  Workspace<N> workspace(net, data.batch(), data.steps);
  Evaluated result;
  result.E = gradient(net, loss, data, workspace, result.g, reduction);
  CHECK(loss_of(net, loss, data, workspace, {.reduction = reduction}) == result.E);
  return result;
}

/// Σ_i mask_i·E_i with one mask for all columns, as a loss of whole columns: what masks must equal.
struct MaskedSquares {
  double mask[3];
  template <Real S>
  S column(const S* y, const S* z, Index units) const {
    S sum(0);
    for (Index i = 0; i < units; ++i) sum += S(mask[i]) * (y[i] - z[i]) * (y[i] - z[i]) / 2;
    return sum;
  }
  template <Real S>
  void column_derivative(const S* y, const S* z, Index units, S scale, S* d) const {
    for (Index i = 0; i < units; ++i) d[i] = scale * S(mask[i]) * (y[i] - z[i]);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a mask of targets is a sum over those that are there, NaN under it or not",
                   "[nan]", Loop, Gated, Classes) {
  const auto net = made<TestType>();
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(3, T * B, 2, 0);
  const Eigen::MatrixXd mask = mask_of(T * B), hollow = holed(Z, mask);

  // Each column alone has its weight, in a loss of its own.
  double E = 0;
  Eigen::VectorXd g = Eigen::VectorXd::Zero(net.parameter_count());
  Index with_target = 0;
  for (Index c = 0; c < T * B; ++c) {
    std::vector<double> weights(T * B, 0);
    weights[std::size_t(c)] = 1;
    with_target += mask.col(c).any();
    const auto one = evaluate(net, MaskedSquares{{mask(0, c), mask(1, c), mask(2, c)}},
                              Sequences(X, Z, weights, T));
    E += one.E;
    g += one.g;
  }
  Sequences masked(X, Z, T);
  masked.target_weights = mask;
  const auto by_mask = evaluate(net, HalfSquaredError{}, masked);
  CHECK(by_mask.E == Approx(E).epsilon(1e-13));
  CHECK(difference(by_mask.g, g) < 1e-13);

  Sequences under(X, hollow, T);
  under.target_weights = mask;
  const auto by_mask_of_nan = evaluate(net, HalfSquaredError{}, under);
  CHECK(by_mask_of_nan.E == by_mask.E);
  CHECK(by_mask_of_nan.g == by_mask.g);

  Sequences missing(X, hollow, T);
  missing.missing = Missing::NaN;
  const auto by_nan = evaluate(net, HalfSquaredError{}, missing);
  CHECK(by_nan.E == by_mask.E);
  CHECK(by_nan.g == by_mask.g);

  const auto mean = evaluate(net, HalfSquaredError{}, missing, Reduction::Mean);
  CHECK(mean.E == Approx(E / double(with_target)).epsilon(1e-13));
  CHECK(difference(mean.g, g / double(with_target)) < 1e-13);
  CHECK(missing.target_count() == with_target);

  Workspace<TestType> workspace(net, B, T);
  CHECK(std::isnan(loss_of(net, HalfSquaredError{}, Sequences(X, hollow, T), workspace)));
}

TEMPLATE_TEST_CASE("weights of targets equal differences", "", Loop, Gated) {
  const auto net = made<TestType>();
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(3, T * B, 2, 0);
  const Eigen::MatrixXd weights = numbers(3, T * B, 6, 0).cwiseProduct(mask_of(T * B));
  Sequences data(X, Z, T);
  data.target_weights = weights;
  CHECK(check_gradient(net, Huber{0.3}, data).largest_difference < 1e-7);
  const std::vector<Index> lengths = {5, 0, 3};
  data.lengths = lengths.data();
  CHECK(check_gradient(net, HalfSquaredError{}, data).largest_difference < 1e-7);
}

TEST_CASE("a mask of ones changes no result, of any loss", "") {
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(3, T * B, 2, 0);
  const Eigen::MatrixXd ones = Eigen::MatrixXd::Ones(3, T * B);
  auto same = [&](const auto& net, const auto& loss) {
    Sequences masked(X, Z, T);
    masked.target_weights = ones;
    const auto a = evaluate(net, loss, masked, Reduction::Mean);
    const auto b = evaluate(net, loss, Sequences(X, Z, T), Reduction::Mean);
    CHECK(a.E == Approx(b.E).epsilon(1e-14));
    CHECK(difference(a.g, b.g) < 1e-14);
  };
  same(made<Loop>(), HalfSquaredError{});
  same(made<Gated>(), BinaryCrossEntropy{});
  same(made<Classes>(), CategoricalCrossEntropy{});
  same(made<Classes>(), HalfSquaredError{});
  same(made<Loop>(), MaskedSquares{{1, 1, 1}});
}

TEST_CASE("single targets of a loss with several outputs for each can be missing", "[nan]") {
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(3, T * B, 2), mask = mask_of(T * B);
  const Eigen::MatrixXd hollow = holed(Z, mask);
  const Eigen::MatrixXd weights = numbers(3, T * B, 6, 0).cwiseProduct(mask);
  const std::vector<Index> lengths = {5, 0, 3};
  // E(i, y, z) is the error of target i of a sample, and the reference.
  const auto check = [&](const auto& net, const auto& loss, const auto& E) {
    Workspace workspace(net, B, T);
    const Eigen::MatrixXd Y = run(net, X, T, workspace);
    double by_hand = 0, weighted = 0;
    for (Index c = 0; c < T * B; ++c) {
      for (Index i = 0; i < 3; ++i) {
        by_hand += mask(i, c) * E(i, Y.col(c), Z(i, c));
        weighted += weights(i, c) * E(i, Y.col(c), Z(i, c));
      }
    }
    Sequences data(X, hollow, T);
    data.missing = Missing::NaN;
    CHECK(evaluate(net, loss, data).E == Approx(by_hand).epsilon(1e-13));
    CHECK(check_gradient(net, loss, data).largest_difference < 1e-7);
    data.target_weights = weights;
    CHECK(evaluate(net, loss, data).E == Approx(weighted).epsilon(1e-13));
    data.lengths = lengths.data();
    CHECK(check_gradient(net, loss, data).largest_difference < 1e-7);
    auto copy = net;
    CHECK(std::isfinite(fit(copy, loss, Sgd{}, data, {.epochs = 1}).final_loss()));
  };
  const auto nll = [](Index i, const auto& y, double z) {
    return 0.5 * (y[3 + i] + (z - y[i]) * (z - y[i]) * std::exp(-y[3 + i]));
  };
  check(made<Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<6, Linear>>>(), GaussianNll{},
        nll);
  check(made<Rnn<double, Input<2>, Lstm<3>, Dense<6, Gelu>>>(), GaussianNll{}, nll);
  const auto pinball = [](Index i, const auto& y, double z) {
    double sum = 0;
    for (const int k : {0, 1}) {
      const double rest = z - y[2 * i + k], quantile = k == 0 ? 0.2 : 0.7;
      sum += rest > 0 ? quantile * rest : (quantile - 1) * rest;
    }
    return sum;
  };
  check(made<Rnn<double, Input<2>, Gru<3>, Dense<6, Softmax>>>(), Quantiles{0.2, 0.7}, pinball);
}

TEST_CASE("after softmax, columns are missing as a whole or not at all", "[nan]") {
  const auto net = made<Classes>();
  const Eigen::MatrixXd X = numbers(2, T * B, 1);
  Eigen::MatrixXd Z = Eigen::MatrixXd::Zero(3, T * B);
  for (Index c = 0; c < T * B; ++c) Z(c % 3, c) = 1;
  std::vector<double> weights(T * B, 1);
  weights[0] = weights[7] = weights[14] = 0;
  Eigen::MatrixXd hollow = Z;
  for (const Index c : {0, 7, 14}) hollow.col(c).setConstant(missing_value);
  Sequences missing(X, hollow, T);
  missing.missing = Missing::NaN;
  const auto a = evaluate(net, CategoricalCrossEntropy{}, missing, Reduction::Mean);
  const auto b =
      evaluate(net, CategoricalCrossEntropy{}, Sequences(X, Z, weights, T), Reduction::Mean);
  CHECK(a.E == Approx(b.E).epsilon(1e-14));
  CHECK(difference(a.g, b.g) < 1e-14);

  hollow(1, 4) = missing_value;
  const char* const partly =
      "data: the targets in column 4 differ in their weights (0 where one is missing), but this "
      "loss takes all targets of a column together: give them one weight";
  CHECK(said([&] { evaluate(net, CategoricalCrossEntropy{}, missing); }) == partly);
  auto copy = net;
  CHECK(said([&] { fit(copy, CategoricalCrossEntropy{}, Sgd{}, missing); }) ==
        "data: the targets in column 4 differ in their weights (0 where one is missing), but this "
        "loss takes all targets of a column together: give them one weight");
}

TEST_CASE("target_weights of another size are refused") {
  const auto net = made<Loop>();
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(3, T * B, 2);
  const Eigen::MatrixXd one_row = Eigen::MatrixXd::Ones(1, T * B);
  Sequences data(X, Z, T);
  data.target_weights = one_row;
  CHECK(said([&] { evaluate(net, HalfSquaredError{}, data); }) ==
        "data: expected 3 x 15 target_weights, one for each target, got 1 x 15");
}
