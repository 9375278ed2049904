// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "backfold/backfold.hpp"
#include "backfold/data/csv.hpp"
#include "backfold/training/hook/trace_csv.hpp"
#include "catch.hpp"
#include "numbers.hpp"
#include "said.hpp"
#include "temporary_file.hpp"
#include "training/plain_network.hpp"

using namespace backfold;

namespace {

/// The numbers of a layer in all steps of sequences, without padding.
std::vector<double> values(const PlainNetwork& plain, const Eigen::MatrixXd& x) {
  std::vector<double> result;
  for (Index t = 0; t < plain.steps(); ++t) {
    for (Index b = 0; b < plain.batch(); ++b) {
      for (Index i = 0; plain.has(t, b) && i < x.rows(); ++i) {
        result.push_back(x(i, t * plain.batch() + b));
      }
    }
  }
  return result;
}

void check_moments(const std::vector<double>& x, double mean, double variance, double tolerance) {
  double sum = 0, squares = 0;
  for (const double v : x) sum += v / double(x.size());
  for (const double v : x) squares += (v - sum) * (v - sum) / double(x.size());
  CHECK(std::abs(mean - sum) < tolerance);
  CHECK(std::abs(variance - squares) < tolerance * (1 + squares));
}

void check_shares(const PlainNetwork& plain, int l, const LayerStatistics& s) {
  const Index rows = plain.nets[std::size_t(l)].rows();
  double saturated = 0, dead = 0, count = 0;
  for (Index i = 0; i < rows; ++i) {
    bool alive = false;
    for (Index c = 0; c < plain.steps() * plain.batch(); ++c) {
      if (!plain.has(c / plain.batch(), c % plain.batch())) continue;
      saturated += plain.slope(l, i, c) < 0.01;
      alive |= plain.slope(l, i, c) != 0;
      ++count;
    }
    dead += !alive;
  }
  CHECK(std::abs(s.saturated - saturated / count) < 1e-12);
  CHECK(std::abs(s.dead - dead / double(rows)) < 1e-12);
}

/// Holds record i, made with the network as it is, against plain loops.
template <class Net, class L>
void check_record(const TraceRecords& trace, Index i, const Net& net,
                  const Sequences<typename Net::Scalar>& data, const L& loss) {
  const double tolerance = std::is_same_v<typename Net::Scalar, float> ? 1e-5 : 1e-8;
  const PlainNetwork plain(net, data, !std::is_same_v<L, HalfSquaredError>);
  Workspace<Net> workspace(net, data.batch(), data.steps);
  Vector<typename Net::Scalar> g;
  gradient(net, loss, data, workspace, g, {.reduction = Reduction::Mean});
  REQUIRE(trace.layer_count() == Net::layer_count);
  for (int l = 1; l < Net::layer_count; ++l) {
    const LayerStatistics s = trace.statistics(i, l);
    INFO(net << "batch " << data.batch() << ", " << data.steps << " steps, layer " << l);
    const auto at = std::size_t(l);
    check_moments(values(plain, plain.nets[at]), s.net_mean, s.net_variance, tolerance);
    check_moments(values(plain, plain.outputs[at]), s.output_mean, s.output_variance, tolerance);
    check_moments(values(plain, plain.deltas[at]), s.delta_mean, s.delta_variance, tolerance);
    check_shares(plain, l, s);
    double squares = 0;
    for (const Block& block : blocks(net)) {
      if (block.layer != l) continue;
      for (Index k = 0; k < block.size(); ++k) squares += std::pow(double(g[block.offset + k]), 2);
    }
    CHECK(std::abs(s.gradient_norm - std::sqrt(squares)) < tolerance);
    for (Index k = 0; k < data.steps; ++k) {
      double of_step = 0;
      for (Index b = 0; b < plain.batch(); ++b) {
        const Index t = plain.length(b) - 1 - k;
        if (t >= 0) of_step += plain.deltas[at].col(t * plain.batch() + b).squaredNorm();
      }
      CHECK(std::abs(trace.delta_norms(i, l)[k] - std::sqrt(of_step)) < tolerance);
    }
  }
}

/// Traces some steps, and holds the records of the first and the last parameters against loops.
template <class Net, class L = HalfSquaredError>
void check_trace(Net net, const Sequences<typename Net::Scalar>& data, double range = 0.9,
                 const L& loss = {}) {
  using S = typename Net::Scalar;
  Random random(7);
  net.initialize(Uniform{-range, range}, random);
  for (S& w : net.parameters()) w += S(uniform(random, -0.2, 0.2));
  const Net first = net;
  Trace trace(data, {.every = 2});
  fit(net, loss, Sgd{.learning_rate = 0.1}, data, {.epochs = 4, .batch_size = data.batch()}, trace);
  REQUIRE(trace.count() == 3);
  CHECK(trace.step(0) == 0);
  CHECK(trace.step(1) == 2);
  CHECK(trace.step(2) == 4);
  check_record(trace, 0, first, data, loss);
  check_record(trace, 2, net, data, loss);
}

template <class S>
struct Numbers {
  Matrix<S> X, Z;
  Index steps;
  Numbers(Index in, Index out, Index batch, Index step_count)
      : X(numbers(in, batch * step_count, 3).cast<S>()),
        Z(numbers(out, batch * step_count, 4).cast<S>()),
        steps(step_count) {}
  Sequences<S> data() const { return Sequences<S>(X, Z, steps); }
};

}  // namespace

TEST_CASE("A Trace of a perceptron has the statistics that plain loops have") {
  using Net =
      Mlp<double, Input<2>, Dense<4, Tanh>, Dense<5, Relu>, Dense<3, Sigmoid>, Dense<2, Linear>>;
  for (const Index batch : {1, 9}) {
    const Numbers<double> some(2, 2, batch, 1);
    check_trace(Net(), some.data());
    check_trace(Net(), some.data(), 6);  // saturated
  }
  const Numbers<float> single(2, 2, 9, 1);
  check_trace(Mlp<float, Input<2>, Dense<4, Tanh>, Dense<2, Linear, From<0>>>(), single.data());
}

TEST_CASE("A Trace of networks of Dynamic sizes has the statistics that plain loops have") {
  using Net =
      Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<>>, Dense<Dynamic, Linear>>;
  const Numbers<double> some(2, 1, 3, 4);
  check_trace(Net(2, 3, 1), some.data());
}

TEST_CASE("A Trace through time has the statistics that plain loops have") {
  using Simple = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;
  using Memory = Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>;
  using Gated = Rnn<double, Input<2>, Gru<3>, Dense<2, Linear>>;
  using Skipping =
      Rnn<double, Input<2>, Dense<3, Sigmoid, Recurrent<2>, SelfRecurrent<1>>,
          Dense<2, Tanh, From<0>, Delayed<1, 3>, Delayed<0, 1>>, Dense<2, Linear, From<1>>>;
  using Back =
      Rnn<double, Input<2>, Dense<3, Tanh, Delayed<3>>, Dense<2, Relu, NoBias>, Dense<2, Linear>>;
  for (const Index batch : {1, 3}) {
    for (const Index steps : {1, 5}) {
      const Numbers<double> some(2, 2, batch, steps);
      check_trace(Simple(), some.data());
      check_trace(Memory(), some.data());
      check_trace(Gated(), some.data());
      check_trace(Skipping(), some.data());
      check_trace(Back(), some.data());
      Sequences<double> at_end(some.X, some.Z.leftCols(batch), steps);
      at_end.targets_at = TargetsAt::LastStep;
      check_trace(Simple(), at_end);
      check_trace(Memory(), at_end);
    }
  }
  const Numbers<double> some(2, 2, 3, 5);
  check_trace(Memory(), some.data(), 5);  // saturated gates
  check_trace(Gated(), some.data(), 5);
  const Numbers<float> single(2, 2, 3, 5);
  check_trace(Rnn<float, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>(), single.data());
}

TEST_CASE("A Trace counts back from each sequence's own end, and stops at resets") {
  using Simple = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;
  using Memory = Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>;
  const Numbers<double> some(2, 2, 3, 5);
  const std::vector<Index> lengths{5, 2, 3};
  Sequences<double> data = some.data();
  data.lengths = lengths.data();
  check_trace(Simple(), data);
  check_trace(Memory(), data);

  Sequences<double> restarted = some.data();
  std::vector<std::uint8_t> flags(15);
  flags[7] = flags[9] = 1;
  restarted.resets = flags;
  check_trace(Simple(), restarted);
  check_trace(Memory(), restarted);
}

TEST_CASE("A Trace of a closed loop sees the errors that flow back through fed outputs") {
  using Simple = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;
  using Plain = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Tanh>>;
  const ClosedLoop loss(HalfSquaredError{});
  const Numbers<double> some(2, 2, 3, 5);
  check_trace(Simple(), some.data(), 0.9, loss);
  check_trace(Plain(), some.data(), 0.9, loss);
}

TEST_CASE("A Trace takes every kind of layer") {
  using Net =
      Rnn<double, Input<1>, Embedding<4, 5>, LayerNorm<4>, Gru<4, Recurrent<2>, LearntStart>,
          Dropout<4>, Dense<4, Gelu>, MinGru<4>, Dense<3, Softmax>>;
  Net net;
  Random random(3);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = (numbers(1, 12, 1).array() * 2.5 + 2.5).floor();
  Eigen::MatrixXd Z = Eigen::MatrixXd::Zero(3, 12);
  for (Index c = 0; c < 12; ++c) Z(c % 3, c) = 1;
  const Sequences<double> data(X, Z, 4);
  Trace trace(data);
  fit(net, CategoricalCrossEntropy{}, Sgd{.learning_rate = 0}, data, {.epochs = 1, .batch_size = 3},
      trace);
  Workspace<Net> workspace(net, 3, 4);
  Eigen::VectorXd g;
  gradient(net, CategoricalCrossEntropy{}, data, workspace, g, {.reduction = Reduction::Mean});
  const auto y = run(net, X, 4, workspace);
  const LayerStatistics last = trace.statistics(0, 7);
  CHECK(last.output_mean == Approx(1.0 / 3));
  CHECK(last.output_variance == Approx((y.array() - 1.0 / 3).square().mean()));
  CHECK(last.saturated != last.saturated);
  // The bias adds to each net input, so its gradient is the sum of the deltas.
  for (const Block& block : blocks(net)) {
    if (block.kind != Block::Kind::Bias || block.type != std::string("Dense")) continue;
    const LayerStatistics s = trace.statistics(0, block.layer);
    CHECK(s.delta_mean * 12 * double(block.rows) ==
          Approx(g.segment(block.offset, block.size()).sum()).margin(1e-14));
    if (block.layer == 5) CHECK(s.saturated == s.saturated);
  }
  // Dropout passes everything on in inference.
  CHECK(trace.statistics(0, 4).output_mean == trace.statistics(0, 3).output_mean);
  CHECK(trace.statistics(0, 4).net_variance == trace.statistics(0, 3).output_variance);
  for (int l = 1; l < 8; ++l) CHECK(trace.delta_norms(0, l).allFinite());
}

TEST_CASE("The deltas of an Elman net in a Trace are those of backpropagation through time") {
  using Net = Elman<double, 2, 3, 1>;
  Net net = made<Net>();
  const Index steps = 6;
  const Eigen::MatrixXd X = numbers(2, steps, 1), Z = numbers(1, 1, 2);
  Sequences<double> data(X, Z, steps);
  data.targets_at = TargetsAt::LastStep;
  Trace trace(data);
  fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0}, data, {.epochs = 1, .batch_size = 1},
      trace);

  const Eigen::MatrixXd W = net.weights<1, 0>(), U = net.weights<1, 1>(), V = net.weights<2>();
  std::vector<Eigen::VectorXd> h(1, Eigen::VectorXd::Zero(3));
  for (Index t = 0; t < steps; ++t) {
    h.push_back((W * X.col(t) + U * h.back() + net.bias<1>()).array().tanh());
  }
  const Eigen::VectorXd at_output = V * h.back() + net.bias<2>() - Z;
  Eigen::VectorXd error = V.transpose() * at_output;
  for (Index k = 0; k < steps; ++k) {
    const Eigen::VectorXd delta = error.array() * (1 - h[std::size_t(steps - k)].array().square());
    CHECK(trace.delta_norms(0, 1)[k] == Approx(delta.norm()).epsilon(1e-12));
    error = U.transpose() * delta;
  }
  CHECK(trace.delta_norms(0, 2)[0] == Approx(at_output.norm()).epsilon(1e-12));
  CHECK(trace.delta_norms(0, 2)[1] == 0);
}

TEST_CASE("A Trace shows dead and saturated units") {
  Mlp<double, Input<1>, Dense<4, Relu>, Dense<2, Tanh>, Dense<1, Linear>> net;
  net.parameters().setZero();
  net.bias<1>() << -1, 1, -2, 3;  // two of four are off
  net.bias<2>() << 5, 0.1;        // 1 − tanh²(5) = 1.8e-4
  const Eigen::MatrixXd X = numbers(1, 8, 1), Z = numbers(1, 8, 2);
  const Samples<double> data(X, Z);
  Trace trace(data);
  fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0}, data, {.epochs = 1}, trace);
  CHECK(trace.statistics(0, 1).dead == 0.5);
  CHECK(trace.statistics(0, 1).saturated == 0.5);
  CHECK(trace.statistics(0, 2).saturated == 0.5);
  CHECK(trace.statistics(0, 2).dead == 0);
  CHECK(trace.statistics(0, 3).saturated == 0);
  CHECK(trace.statistics(0, 1).net_mean == 0.25);
  CHECK(trace.statistics(0, 1).gradient_norm == 0);  // the weights after it are 0
}

TEST_CASE("A Trace shows the saturated gates of a MinGru") {
  Rnn<double, Input<1>, MinGru<2>, Dense<1, Linear>> net;
  net.parameters().setZero();
  net.bias<1>() << 9, 1, 9, 9;  // z of two units; their candidates are linear
  const Eigen::MatrixXd X = numbers(1, 6, 1), Z = numbers(1, 6, 2);
  const Sequences<double> data(X, Z, 3);
  Trace trace(data);
  fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0}, data, {.epochs = 1}, trace);
  CHECK(trace.statistics(0, 1).saturated == 0.25);
  CHECK(trace.statistics(0, 1).dead == 0);
}

TEST_CASE("Norms in a Trace neither overflow nor underflow") {
  // One column in each sequence of a batch: the norm is over all of them.
  const auto norm = [](const std::vector<double>& x) {
    double result = -1;
    detail::norms_by_steps_back(x.data(), 1, {.batch = static_cast<Index>(x.size())}, &result);
    return result;
  };
  CHECK(norm({0}) == 0);
  CHECK(norm({3e200, -4e200, 0}) == Approx(5e200));
  CHECK(norm({-3e-200, 4e-200}) == Approx(5e-200));
  CHECK(std::isnan(norm({3e200, -4e200, 0, std::nan(""), 1})));
  const double column[] = {3e200, -4e200, 0, std::nan(""), 1};
  CHECK(norm_of(column, 1) == 3e200);
  CHECK(norm_of(column, 3) == Approx(5e200));
  CHECK(std::isnan(norm_of(column, 5)));
}

TEST_CASE("A Trace changes nothing in a training") {
  using Net = Elman<double, 2, 3, 1>;
  Net traced = made<Net>(), plain = traced;
  const Numbers<double> some(2, 1, 8, 5);
  const FitOptions options{.epochs = 3, .batch_size = 2};
  Trace trace(some.data(), {.every = 1});
  const auto a = fit(traced, HalfSquaredError{}, Adam{}, some.data(), options, trace);
  const auto b = fit(plain, HalfSquaredError{}, Adam{}, some.data(), options);
  CHECK(a.losses == b.losses);
  CHECK(traced.parameters() == plain.parameters());
  CHECK(trace.count() == 13);
}

TEST_CASE("A Trace goes on in a later run of a Trainer, and starts again in another training") {
  using Net = Mlp<double, Input<2>, Dense<4, Tanh>, Dense<1, Linear, Name<"answer">>>;
  Net net = made<Net>();
  const Numbers<double> some(2, 1, 6, 1);
  Trace trace(some.data(), {.every = 3, .reserve = 2});  // more records than reserved
  Trainer training(net, HalfSquaredError{}, Adam{}, some.data(), {.batch_size = 3});
  CHECK(training.steps_taken() == 0);
  training.run(4, trace);
  CHECK(training.steps_taken() == 8);
  CHECK(trace.count() == 3);
  training.run(2, trace);
  CHECK(trace.count() == 5);
  CHECK(trace.step(4) == 12);
  CHECK(trace.layer_name(0) == "0 Input");
  CHECK(trace.layer_name(1) == "1 Dense Tanh");
  CHECK(trace.layer_name(2) == "answer");
  fit(net, HalfSquaredError{}, Adam{}, some.data(), {.epochs = 1, .batch_size = 1}, trace);
  CHECK(trace.step(0) == 0);
  CHECK(trace.count() == 3);
}

TEST_CASE("A Trace refuses options and probes") {
  using Net = Elman<double, 2, 3, 1>;
  Net net = made<Net>();
  const Numbers<double> some(2, 1, 2, 5), wrong(3, 1, 2, 5);
  CHECK(said([&] { Trace(some.data(), {.every = 0}); }) == "Trace: every must be >= 1, got 0");
  CHECK(said([&] { Trace(some.data(), {.reserve = -1}); }) ==
        "Trace: reserve must be >= 0, got -1");
  Trace trace(wrong.data());
  CHECK_THROWS_AS(fit(net, HalfSquaredError{}, Adam{}, some.data(), {.epochs = 1}, trace),
                  std::invalid_argument);
}

TEST_CASE("The records of a Trace are written to a CSV file and read back exactly") {
  using Net = Rnn<double, Input<2>, Lstm<3>, LayerNorm<3>, Dense<1, Tanh, Name<"a, b">>>;
  Net net = made<Net>();
  const Numbers<double> some(2, 1, 6, 4);
  Trace trace(some.data(), {.every = 1});
  fit(net, HalfSquaredError{}, Adam{}, some.data(), {.epochs = 1, .batch_size = 3}, trace);
  const TemporaryFile file("backfold_trace.csv");
  write_csv(file.path, trace);
  const CsvTable table = read_csv(file.path, {.categorical = {"layer"}, .fill = std::nan("")});
  REQUIRE(table.rows() == 9);
  REQUIRE(table.columns().size() == 15);
  CHECK(table.columns()[0].categories.name(2) == "a, b");
  CHECK(table.columns()[14].name == "delta_norm_3");
  for (Index row = 0; row < 9; ++row) {
    const Index i = row / 3;
    const int l = int(row % 3) + 1;
    const LayerStatistics s = trace.statistics(i, l);
    CHECK(table.value(row, 0) == double(l - 1));
    CHECK(table.value(row, 1) == double(i));
    const double columns[] = {s.net_mean,        s.net_variance, s.output_mean,
                              s.output_variance, s.delta_mean,   s.delta_variance,
                              s.saturated,       s.dead,         s.gradient_norm};
    for (Index k = 0; k < 9; ++k) {
      const double read = table.value(row, 2 + k);
      CHECK((read == columns[k] || (std::isnan(read) && std::isnan(columns[k]))));
    }
    CHECK(std::isnan(table.value(row, 8)) == (l == 2));
    for (Index k = 0; k < 4; ++k) CHECK(table.value(row, 11 + k) == trace.delta_norms(i, l)[k]);
  }
}
