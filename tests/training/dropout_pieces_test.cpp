// SPDX-License-Identifier: MIT
// Dropout in truncated training.
#include <cmath>

#include "backfold/activation/linear.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/layer/dropout.hpp"
#include "backfold/layer/input.hpp"
#include "backfold/loss/half_squared_error.hpp"
#include "backfold/optimizer/sgd.hpp"
#include "backfold/training/fit.hpp"
#include "catch.hpp"

using namespace backfold;

namespace {

/// Keeps the last gradient.
struct LastGradient {
  Eigen::VectorXd& last;

  template <class T, class G>
  void after_gradient(T&, const G& gradient) {
    last = gradient;
  }
};

/// Sums the masks of all steps, for inputs of 1.
template <MaskOver Over>
using SumOfMasks = Rnn<double, Input<64>, Dropout<64, Over>,
                       Dense<64, Linear, Direct, Add<2, 1>, NoBias>, Dense<1, Linear>>;

/// These sums after `steps` steps, in pieces, of which only the last one has a target.
template <MaskOver Over>
Eigen::VectorXd sums_in_pieces(Index steps, Index piece) {
  SumOfMasks<Over> net;
  net.parameters().setLinSpaced(1, double(net.parameter_count()));  // integers: sums are exact
  const Eigen::MatrixXd X = Eigen::MatrixXd::Ones(64, steps), Z = Eigen::MatrixXd::Ones(1, steps);
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(steps), gradient;
  weights[steps - 1] = 1;
  fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0}, Sequences<double>(X, Z, weights, steps),
      {.epochs = 1, .batch_size = 1, .truncation = piece}, LastGradient{gradient});
  return gradient.head(64) / gradient[64];
}

}  // namespace

TEST_CASE("pieces of a sequence have masks of their own, with and without targets", "[training]") {
  constexpr Index steps = 6;
  const Eigen::VectorXd whole = sums_in_pieces<MaskOver::Step>(steps, steps);
  for (const Index piece : {1, 2, 3}) {
    CHECK(sums_in_pieces<MaskOver::Step>(steps, piece) == whole);
    // Each piece keeps or drops a unit, so that sums are even multiples of its length.
    const Eigen::ArrayXd kept =
        sums_in_pieces<MaskOver::Sequence>(steps, piece).array() / double(2 * piece);
    CHECK((kept == kept.round()).all());
    const double pieces = double(steps / piece);
    const double mixed = ((kept > 0) && (kept < pieces)).cast<double>().sum();
    CHECK(mixed > 64 * (1 - 2 * std::pow(0.5, pieces)) - 20);
    CHECK(std::abs(kept.mean() - pieces / 2) < 5 * std::sqrt(pieces / 4 / 64));
  }
}
