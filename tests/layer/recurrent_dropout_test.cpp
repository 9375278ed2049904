// SPDX-License-Identifier: MIT
// One mask over the time of a sequence on recurrent connections (Gal & Ghahramani 2016).
#include <cmath>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "drawn_sequences.hpp"
#include "reference/reference.hpp"

using namespace backfold;

namespace {

constexpr auto Over = MaskOver::Sequence;

template <class S, Index N = 5>
using MaskedLstm =
    Rnn<S, Input<3>, Lstm<N, Through<2>>, Dropout<N, Over>, Dense<2, Linear, After<1>>>;
template <class S, Index N = 5>
using MaskedGru =
    Rnn<S, Input<3>, Gru<N, Through<2>>, Dropout<N, Over>, Dense<2, Linear, After<1>>>;
template <class S, Index N = 5>
using MaskedElman =
    Rnn<S, Input<3>, Dense<N, Tanh, Delayed<2>>, Dropout<N, Over>, Dense<2, Linear, After<1>>>;

/// Sequences, and options of a pass that trains on them.
template <class Net>
struct Example : DrawnSequences<Net> {
  using DrawnSequences<Net>::DrawnSequences;
  PassOptions<Net> training{.mode = Mode::Training, .noise = {.seed = 4, .update = 2}};
};

template <class Net>
void check_differences(Index steps, Index batch) {
  Example<Net> at(steps, batch);
  const Eigen::VectorXd g = at.gradient(at.training);
  const Eigen::VectorXd w = at.net.parameters();
  Eigen::VectorXd expected(w.size());
  for (Index i = 0; i < w.size(); ++i) {
    auto loss_at = [&](double h) {
      at.net.parameters() = w;
      at.net.parameters()[i] += h;
      return at.loss(at.training);
    };
    expected[i] = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
  }
  CHECK(difference(g, expected) < 1e-7);
}

}  // namespace

TEMPLATE_TEST_CASE("the gradient through a mask over time is that of differences", "[layer]",
                   MaskedLstm<double>, MaskedGru<double>, MaskedElman<double>,
                   (MaskedGru<double, 1>)) {
  check_differences<TestType>(4, 3);
  check_differences<TestType>(1, 1);
}

TEMPLATE_TEST_CASE(
    "without noise a recurrent mask changes nothing", "[layer]",
    (std::pair<MaskedLstm<double>, Rnn<double, Input<3>, Lstm<5>, Dense<2, Linear>>>),
    (std::pair<MaskedGru<double>, Rnn<double, Input<3>, Gru<5>, Dense<2, Linear>>>),
    (std::pair<MaskedElman<double>,
               Rnn<double, Input<3>, Dense<5, Tanh, Recurrent<>>, Dense<2, Linear>>>)) {
  Example<typename TestType::first_type> masked(4, 3);
  Example<typename TestType::second_type> plain(4, 3);
  plain.net.parameters() = masked.net.parameters();
  plain.X = masked.X;
  plain.Z = masked.Z;
  CHECK(difference(masked.gradient({}), plain.gradient({})) < 1e-13);
  CHECK(difference(masked.gradient(masked.training), plain.gradient({})) > 1e-3);
  const Eigen::MatrixXd Y = run(plain.net, plain.X, 4, plain.workspace);
  State state(masked.net, 3);
  for (Index t = 0; t < 4; ++t) {
    const Eigen::MatrixXd y = step(masked.net, masked.X.middleCols(3 * t, 3), state);
    CHECK(difference(y, Y.middleCols(3 * t, 3)) < 1e-13);
  }
}

TEMPLATE_TEST_CASE("in a network with a recurrent mask, RTRL is BPTT", "[layer]",
                   MaskedLstm<double>, MaskedGru<double>, MaskedElman<double>) {
  Example<TestType> at(5, 1);
  const Eigen::VectorXd expected = at.gradient({});
  Eigen::VectorXd sum = 0 * expected, g;
  Rtrl<TestType> rtrl(at.net);
  for (Index t = 0; t < at.steps; ++t) {
    rtrl.step(at.net, HalfSquaredError{}, at.X.col(t), at.Z.col(t), g);
    sum += g;
  }
  CHECK(difference(sum, expected) < 1e-12);
}

TEMPLATE_TEST_CASE(
    "a recurrent mask is for each sample its own: the batch is the sum of its samples", "[layer]",
    MaskedLstm<double>, MaskedGru<float>) {
  using S = typename TestType::Scalar;
  Example<TestType> all(4, 3);
  const Vector<S> expected = all.gradient(all.training);
  Vector<S> sum = S(0) * expected;
  for (Index b = 0; b < 3; ++b) {
    Example<TestType> one(4, 1);
    one.net = all.net;
    for (Index t = 0; t < 4; ++t) {
      one.X.col(t) = all.X.col(3 * t + b);
      one.Z.col(t) = all.Z.col(3 * t + b);
    }
    one.training.noise.first_sample = b;
    sum += one.gradient(one.training);
  }
  CHECK(difference(sum.template cast<double>(), expected.template cast<double>()) <
        (std::is_same_v<S, float> ? 1e-5 : 1e-13));
}

TEST_CASE("names, Dynamic sizes and fixed ones give one network", "[layer]") {
  using Named = Rnn<double, Input<3>, Dense<5, Tanh, Delayed<2>>, Dropout<5, Over>,
                    Dense<4, Tanh, Name<"middle">, After<1>>, Lstm<3, Through<"middle">>,
                    Dense<2, Linear, After<"middle">>>;
  using Numbered = Rnn<double, Input<3>, Dense<5, Tanh, Delayed<2>>, Dropout<5, Over>,
                       Dense<4, Tanh, Name<"middle">, After<1>>, Lstm<3, Through<3>>,
                       Dense<2, Linear, After<3>>>;
  CHECK(Example<Named>(4, 3).gradient({}) == Example<Numbered>(4, 3).gradient({}));
  using Sized = Rnn<double, Input<Dynamic>, Gru<Dynamic, Through<2>>, Dropout<Dynamic, Over>,
                    Dense<Dynamic, Linear, After<1>>>;
  Example<MaskedGru<double>> fixed(4, 3);
  Example<Sized> sized(4, 3, Sized(fixed.net));
  CHECK(difference(sized.gradient(sized.training), fixed.gradient(fixed.training)) < 1e-13);
}

TEMPLATE_TEST_CASE("recurrent dropout is PyTorch's with the mask multiplied by hand", "[reference]",
                   MaskedLstm<double>, MaskedGru<double>, MaskedElman<double>) {
  using Net = TestType;
  const std::string names[] = {"lstm", "gru", "elman"};
  const int which = std::is_same_v<Net, MaskedLstm<double>>  ? 0
                    : std::is_same_v<Net, MaskedGru<double>> ? 1
                                                             : 2;
  const Reference ref("sequences/recurrent_dropout_" + names[which]);
  Net net({}, {}, Dropout<5, Over>(0.4), {});
  Example<Net> at(6, 3, net);
  at.net.parameters() = ref["w"];
  at.X = ref["X"];
  at.Z = ref["Z"];
  Eigen::VectorXd g;
  Eigen::MatrixXd dX;
  const double E =
      gradient_with_inputs(at.net, HalfSquaredError{}, Sequences<double>(at.X, at.Z, 6),
                           at.workspace, g, dX, at.training);
  CHECK(std::abs(E - ref.number("E")) <= 1e-12 * E);
  CHECK(difference(g, ref["g"]) <= 1e-12);
  CHECK(difference(dX, ref["dX"]) <= 1e-12);
}

TEST_CASE("training with a recurrent mask is the same for any number of threads", "[layer]") {
  auto trained = [&](Index threads) {
    Example<MaskedLstm<float>> at(6, 64);
    fit(at.net, HalfSquaredError{}, Nesterov{.learning_rate = 0.05, .momentum = 0.9},
        Sequences<float>(at.X, at.Z, 6), {.epochs = 3, .batch_size = 32, .threads = threads});
    return Eigen::VectorXf(at.net.parameters());
  };
  CHECK(trained(1) == trained(1));
#if defined(_OPENMP)
  CHECK(trained(3) == trained(1));
#endif
}

TEST_CASE("a recurrent mask has the mean and the variance of theory", "[layer]") {
  using Net = MaskedElman<double, 40>;
  const double rate = 0.3;
  Net net({}, {}, Dropout<40, Over>(rate), {});
  Example<Net> at(2, 500, net);
  at.loss(at.training);
  const auto outputs = [&](std::size_t layer) {
    const double* const x = at.workspace.at(at.workspace.plan().layers[layer].output);
    return Eigen::Map<const Eigen::ArrayXXd>(x, 40, 1000);
  };
  const Eigen::ArrayXXd mask = outputs(2) / outputs(1);
  CHECK((mask.leftCols(500) - mask.rightCols(500)).abs().maxCoeff() < 1e-12);
  const Eigen::ArrayXXd one = mask.leftCols(500);
  const double n = 40 * 500, variance = rate / (1 - rate);
  const double fourth = rate + (1 - rate) * std::pow(variance, 4);
  CHECK(std::abs(one.mean() - 1) < 5 * std::sqrt(variance / n));
  CHECK(std::abs((one - 1).square().mean() - variance) <
        5 * std::sqrt((fourth - variance * variance) / n));
}
