// SPDX-License-Identifier: MIT
// Long lags: the answer at the end of a sequence is the sign of its first number; the others are
// noise of its size. A Trace shows how much of the error at the end reaches the steps before: in an
// Elman net with small weights it vanishes, so that nothing is learned from the first step; the
// memory of an LSTM keeps it.
// Source: Hochreiter & Schmidhuber, Long short-term memory (1997); Bengio, Simard & Frasconi,
// Learning long-term dependencies with gradient descent is difficult (1994).
#include <backfold/backfold.hpp>
#include <backfold/training/hook/trace_csv.hpp>
#include <cstdio>
#include <cstring>
#include <string>

#include "picture.hpp"

namespace bf = backfold;

namespace {

constexpr bf::Index steps = 100;

struct Signs {
  Eigen::MatrixXd X, Z;
  Signs(bf::Index n, bf::Random& random) : X(1, n * steps), Z(1, n) {
    for (double& x : X.reshaped()) x = bf::uniform(random, -1, 1);
    for (bf::Index b = 0; b < n; ++b) {
      Z(0, b) = double(bf::below(random, 2));
      X(0, b) = 2 * Z(0, b) - 1;
    }
  }
  bf::Sequences<double> data() const {
    bf::Sequences<double> sequences(X, Z, steps);
    sequences.targets_at = bf::TargetsAt::LastStep;
    return sequences;
  }
};

/// Share of the right answers.
template <class Net>
double accuracy(const Net& net, const Signs& signs) {
  bf::Workspace workspace(net, signs.Z.cols(), steps, bf::Purpose::Forward);
  const Eigen::MatrixXd y = bf::run(net, signs.X, steps, workspace).rightCols(signs.Z.cols());
  return ((y.array() > 0.5) == (signs.Z.array() > 0.5)).cast<double>().mean();
}

/// Trains a network, and prints how the norms of its deltas fall back in time.
/// @param curves rows for gnuplot, a block for each record @return the accuracy on new sequences
template <class Net>
double trace_training(Net net, const char* name, const Signs& training, const Signs& test,
                      bf::Index epochs, std::string& curves) {
  bf::Random random(5);
  net.initialize(bf::Uniform{-0.1, 0.1}, random);
  const Signs probe(64, random);
  constexpr bf::Index batch = 20;
  const bf::Index epoch = training.Z.cols() / batch;
  bf::Trace trace(probe.data(), {.every = epoch * epochs / 4});
  bf::fit(net, bf::BinaryCrossEntropy{}, bf::ClipNorm{bf::Adam{.learning_rate = 3e-3}, 1.0},
          training.data(), {.epochs = epochs, .batch_size = batch}, trace);
  write_csv(std::string("vanishing_gradients_") + name + ".csv", trace);
  const double right = accuracy(net, test);
  std::printf("%s: %.1f %% of new sequences are right\n", name, 100 * right);
  std::printf("  norm of the deltas, steps back:  0         10        20        40        99\n");
  for (bf::Index i = 0; i < trace.count(); ++i) {
    const auto norms = trace.delta_norms(i, 1);
    std::printf("  after %5ld steps of training ", static_cast<long>(trace.step(i)));
    for (const bf::Index k : {0, 10, 20, 40, 99}) std::printf("  %8.1e", norms[k]);
    std::printf("\n");
    curves += "\"after " + std::to_string(trace.step(i)) + " steps of training\"\n";
    for (bf::Index k = 0; k < steps; ++k) {
      curves += std::to_string(k) + ' ' + number(norms[k]) + '\n';
    }
    curves += "\n\n";
  }
  return right;
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  bf::Random random(3);
  const Signs training(1000, random), test(1000, random);
  const bf::Index epochs = quick ? 4 : 40;
  std::string curves;
  const double by_elman =
      trace_training(bf::Rnn<double, bf::Input<1>, bf::Dense<16, bf::Tanh, bf::Recurrent<>>,
                             bf::Dense<1, bf::Sigmoid>>(),
                     "elman", training, test, epochs, curves);
  using Cell = bf::Lstm<16>;
  using Memory = bf::Rnn<double, bf::Input<1>, Cell, bf::Dense<1, bf::Sigmoid>>;
  const double by_lstm = trace_training(Memory(bf::Input<1>(), Cell(bf::ForgetBias{3}), {}), "lstm",
                                        training, test, epochs, curves);
  auto panel_of = [&](int first) {
    return "plot for [i=0:4] 'vanishing_gradients.dat' index i+" + std::to_string(first) +
           " using 1:2 with lines lw 2.5 lc rgb word('#9ecae1 #6baed6 #4292c6 #2171b5 #08306b', "
           "i+1) title columnheader(1)\n";
  };
  draw("vanishing_gradients", 1000, 440, curves,
       "set multiplot layout 1,2 title 'The error of the last step, back in time'\n"
       "set logscale y\nset format y '10^{%T}'\nset yrange [1e-24:1]\n"
       "set xlabel 'steps back'\nset grid ytics lc rgb '#dddddd'\n"
       "set mytics 1\nunset key\n"
       "set title 'Elman net'\nset ylabel '‖∂E/∂net‖'\n" +
           panel_of(0) +
           "set title 'LSTM'\nunset ylabel\nset key left bottom reverse Left samplen 2\n" +
           panel_of(5) + "unset multiplot\n");
  return quick || (by_lstm > 0.99 && by_elman < 0.7) ? 0 : 1;
}
