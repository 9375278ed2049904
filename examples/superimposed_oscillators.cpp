// SPDX-License-Identifier: MIT
// Sums of one to eight sine waves, predicted freely: after 400 given steps each output is the next
// input, for 300 steps. A linear neuron with taps on 24 past inputs, and an Elman network of 16
// units; both are trained by Levenberg-Marquardt on the prediction of a single step.
#include <backfold/backfold.hpp>
#include <backfold/second_order/fit_least_squares.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "picture.hpp"

namespace bf = backfold;

namespace {

constexpr bf::Index given = 400, free_steps = 300, wash_out = 100;

/// Mean of the first `count` sine waves.
Eigen::MatrixXd oscillators(int count) {
  constexpr double frequencies[] = {0.2, 0.311, 0.42, 0.51, 0.63, 0.74, 0.85, 0.97};
  Eigen::MatrixXd series(1, given + free_steps + 1);
  for (bf::Index t = 0; t < series.cols(); ++t) {
    double sum = 0;
    for (int i = 0; i < count; ++i) sum += std::sin(frequencies[i] * double(t));
    series(0, t) = sum / count;
  }
  return series;
}

template <int... Delays>
auto taps(std::integer_sequence<int, Delays...>)
    -> bf::Rnn<double, bf::Input<1>, bf::Dense<1, bf::Linear, bf::Delayed<0, Delays + 1>...>>;
using Taps = decltype(taps(std::make_integer_sequence<int, 23>{}));
using Elman = bf::Elman<double, 1, 16, 1>;

/// Trains on the given steps, then runs freely. @return outputs of the free steps
template <class Net>
Eigen::MatrixXd predict_freely(const Eigen::MatrixXd& series, int iterations) {
  Net net;
  bf::Random random(1);
  net.initialize(bf::Uniform{-0.3, 0.3}, random);
  const Eigen::MatrixXd X = series.leftCols(given), Z = series.middleCols(1, given);
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(given);
  weights.head(wash_out).setZero();  // the state before the first step is not the series' own
  bf::fit_least_squares(net, bf::Sequences(X, Z, weights, given), {.iterations = iterations});
  bf::State<Net> state(net, 1);
  Eigen::MatrixXd output(1, 1);
  for (bf::Index t = 0; t < given; ++t) output = bf::step(net, X.col(t), state);
  Eigen::MatrixXd outputs(1, free_steps);
  bf::free_run(net, output, state, outputs);
  return outputs;
}

/// Root mean squared error over the standard deviation of the series.
double nrmse(const Eigen::MatrixXd& outputs, const Eigen::MatrixXd& series) {
  const double variance = (series.array() - series.mean()).square().mean();
  const double squares =
      (outputs - series.middleCols(given + 1, free_steps)).squaredNorm() / double(free_steps);
  return std::sqrt(squares / variance);
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  std::string errors, series_rows;
  double of_taps = 0;
  std::printf("oscillators  NRMSE of taps  of an Elman network\n");
  for (const int count : quick ? std::vector{2} : std::vector{1, 2, 3, 4, 5, 6, 7, 8}) {
    const Eigen::MatrixXd series = oscillators(count);
    const Eigen::MatrixXd linear = predict_freely<Taps>(series, 40);
    const Eigen::MatrixXd elman = predict_freely<Elman>(series, quick ? 5 : 60);
    of_taps = nrmse(linear, series);
    const double of_elman = nrmse(elman, series);
    std::printf("%11d  %13.1e  %19.1e\n", count, of_taps, of_elman);
    errors += number(count) + " " + number(of_taps) + " " + number(of_elman) + "\n";
    series_rows.clear();
    for (bf::Index t = 0; t < free_steps; ++t) {
      series_rows += number(double(t)) + " " + number(series(0, given + 1 + t)) + " " +
                     number(linear(0, t)) + " " + number(elman(0, t)) + "\n";
    }
  }
  draw("superimposed_oscillators", 760, 640, errors + "\n\n" + series_rows,
       "set multiplot layout 2,1\nset key above\n"
       "set xlabel 'oscillators'\nset ylabel 'NRMSE of 300 free steps'\nset logscale y\n"
       "set format y '10^{%T}'\nset xrange [0.8:8.2]\n"
       "plot 'superimposed_oscillators.dat' index 0 using 1:2 with linespoints title '24 taps', "
       "'' index 0 using 1:3 with linespoints title 'Elman, 16 units'\n"
       "unset logscale y\nset format y '%g'\nset xrange [0:150]\nset yrange [-1:1]\n"
       "set xlabel 'free step'\nset ylabel 'sum of all oscillators'\n"
       "plot '' index 1 using 1:2 with lines lw 3 lc rgb '#bbbbbb' title 'series', "
       "'' index 1 using 1:3 with lines title '24 taps', "
       "'' index 1 using 1:4 with lines title 'Elman, 16 units'\n"
       "unset multiplot\n");
  return of_taps < 1e-3 ? 0 : 1;
}
