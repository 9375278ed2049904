// SPDX-License-Identifier: MIT
// Pictures of the tutorial's pages on recurrent networks (docs/tutorial), drawn by the example
// gallery: the networks of the pages' programs.
#pragma once

#include <backfold/backfold.hpp>
#include <cmath>
#include <cstdio>
#include <string>

#include "picture.hpp"
#include "tutorial_perceptron_pictures.hpp"

namespace tutorial {

/// Text of a diagram; \\n begins another line.
inline std::string text_at(double x, double y, const std::string& text) {
  return "set label \"" + text + "\" at " + number(x) + "," + number(y) + " center\n";
}

inline std::string arrow(double x1, double y1, double x2, double y2,
                         const std::string& style = "") {
  return "set arrow from " + number(x1) + "," + number(y1) + " to " + number(x2) + "," +
         number(y2) + ' ' + style + " lw 1.5\n";
}

/// A node with its number below, an arrow into it from below with its weight.
inline std::string node(double x, double y, const std::string& name, const std::string& value,
                        const std::string& weight) {
  const std::string at = text_at(x, y + 0.1, name + "\\n" + value);
  return weight.empty() ? at
                        : at + arrow(x, y - 0.75, x, y - 0.25) + text_at(x - 0.1, y - 0.5, weight);
}

/// The network of three steps as a loop, and unfolded, with its numbers.
inline void unfolding() {
  bf::Elman<double, 1, 2, 1> net;
  bf::Random random(1);
  net.initialize(bf::Uniform{-1, 1}, random);
  const Eigen::RowVector3d x(0.5, -1, 2);
  bf::State state(net);
  std::string script = text_at(0.1, 2.6, "recurrent") + text_at(3.4, 2.6, "unfolded") +
                       node(0, 0, "x^t", "", "") + node(0, 1, "h^t", "", "W") +
                       node(0, 2, "y^t", "", "V") + arrow(0.15, 1.16, 0.5, 1.4, "nohead") +
                       arrow(0.5, 1.4, 0.5, 0.8, "nohead") + arrow(0.5, 0.8, 0.15, 1.04) +
                       text_at(0.6, 1.1, "U") + node(1.25, 1, "h^0", "(0, 0)", "");
  for (int t = 1; t <= 3; ++t) {
    const double at = 1.25 + 1.1 * t;
    const double y = bf::step(net, x.col(t - 1), state)(0);
    char h[32], out[16];
    std::snprintf(h, sizeof h, "(%.2f, %.2f)", state.values()[0], state.values()[1]);
    std::snprintf(out, sizeof out, "%.4f", y);
    const std::string step = '^' + std::to_string(t);
    script += node(at, 0, 'x' + step, number(x(t - 1)), "") + node(at, 1, 'h' + step, h, "W") +
              node(at, 2, 'y' + step, out, "V") + arrow(at - 0.75, 1.1, at - 0.35, 1.1) +
              text_at(at - 0.55, 1.25, "U");
  }
  draw("unfolding", 860, 400, "",
       "set xrange [-0.3:5]\nset yrange [-0.3:2.8]\nunset border\nunset tics\nunset key\n" +
           script + "plot NaN\n");
}

/// The two parts of the deltas of the page's network: of its own step's error, of later steps.
inline void backpropagation_through_time() {
  constexpr int T = 4;
  bf::Elman<double, 1, 2, 1> net;
  bf::Random random(1);
  net.initialize(bf::Uniform{-1, 1}, random);
  const Eigen::MatrixXd U = net.weights<1, 1>(), V = net.weights<2>();
  const Eigen::MatrixXd X = Eigen::RowVector4d(1, -1, 2, 0.5), Z = Eigen::RowVector4d(0, 1, 1, 0);
  bf::State state(net);
  Eigen::MatrixXd own(2, T), later(2, T), slope(2, T);
  for (int t = 0; t < T; ++t) {
    const double y = bf::step(net, X.col(t), state)(0);
    slope.col(t) = 1 - state.values().array().square();
    own.col(t) = slope.col(t).cwiseProduct(V.transpose() * (y - Z(t)));
  }
  Eigen::VectorXd delta = Eigen::VectorXd::Zero(2);
  for (int t = T - 1; t >= 0; --t) {
    later.col(t) = slope.col(t).cwiseProduct(U.transpose() * delta);
    delta = own.col(t) + later.col(t);
  }
  std::string data;
  for (int t = 0; t < T; ++t) {
    data += row(t + 1.0, own(0, t), later(0, t), own(1, t), later(1, t));
  }
  const auto plot = [](int unit) {
    const std::string first = std::to_string(2 * unit), second = std::to_string(2 * unit + 1);
    return "set xlabel 't (hidden unit " + std::to_string(unit) +
           ")'\nplot 'backpropagation_through_time.dat' using ($1-0.15):" + first +
           " with boxes fc rgb '#1560d4' title 'from the error of step t', '' using ($1+0.15):" +
           second + " with boxes fc rgb '#d81b2a' title 'from step t + 1', '' using 1:($" + first +
           "+$" + second + ") with points pt 7 ps 0.9 lc rgb '#111111' title 'their sum'\n";
  };
  draw("backpropagation_through_time", 900, 400, data,
       "set multiplot layout 1,2 margins screen 0.10,0.98,0.20,0.81 spacing screen 0.11\n"
       "set boxwidth 0.28\nset style fill solid\nset grid ytics\n"
       "set xzeroaxis lt 1 lc rgb '#777777'\nset xrange [0.4:4.6]\nset xtics 1\n"
       "set offsets 0,0,0.05,0.05\nset ylabel 'parts of δ'\n"
       "set key at screen 0.53,0.99 center top\n" +
           plot(1) + "unset key\n" + plot(2) + "unset multiplot\n");
}

/// The gradient of each step's error by RTRL, and its sum, which ends at that of BPTT.
inline void real_time_recurrent_learning() {
  bf::Rnn<double, bf::Input<1>, bf::Dense<1, bf::Tanh, bf::Recurrent<>, bf::NoBias>> net;
  net.parameters() << 1, 0.5;
  const Eigen::MatrixXd X = Eigen::RowVector4d(1, -1, 2, 0.5), Z = Eigen::RowVector4d(0, 1, 1, 0);
  bf::Rtrl rtrl(net);
  Eigen::VectorXd g;
  double sum = 0;
  std::string data;
  for (int t = 0; t < 4; ++t) {
    rtrl.step(net, bf::HalfSquaredError{}, X.col(t), Z.col(t), g);
    sum += g[1];
    data += row(t + 1.0, g[1], sum);
  }
  bf::Workspace workspace(net, 1, 4);
  bf::gradient(net, bf::HalfSquaredError{}, bf::Sequences(X, Z, 4), workspace, g);
  draw("real_time_recurrent_learning", 760, 400, data,
       "set boxwidth 0.4\nset style fill solid\nset grid ytics\nset xrange [0.4:4.6]\n"
       "set xzeroaxis lt 1 lc rgb '#777777'\nset xtics 1\nset xlabel 'step'\n"
       "set ylabel 'derivative by u'\nset key outside top center horizontal\n"
       "plot 'real_time_recurrent_learning.dat' using 1:2 with boxes fc rgb '#9ec0f5' "
       "title 'of the error of the step (RTRL)', '' using 1:3 with linespoints lw 2 pt 7 lc rgb "
       "'#1560d4' title 'sum so far', " +
           number(g[1]) + " with lines lw 2 dt 2 lc rgb '#d81b2a' title 'BPTT'\n");
}

/// E over the epochs of a training of the page.
template <class Data>
std::string series_curve(const Data& data, const bf::FitOptions& options) {
  bf::Elman<double, 1, 8, 1> net;
  bf::Random random(1);
  net.initialize(bf::Glorot{}, random);
  bf::Trainer trainer(net, bf::HalfSquaredError{}, bf::Adam{.learning_rate = 0.01}, data, options);
  std::string rows;
  for (int epoch = 1; epoch <= 20; ++epoch) rows += row(epoch, trainer.run(1).final_loss());
  return rows + "\n\n";
}

/// A sum of two sines: a step an epoch, truncated pieces, and overlapping windows.
inline void long_series() {
  Eigen::MatrixXd series(1, 1001);
  for (int t = 0; t <= 1000; ++t) series(t) = 0.6 * std::sin(0.2 * t) + 0.4 * std::sin(0.31 * t);
  const Eigen::MatrixXd X = series.leftCols(1000), Z = series.rightCols(1000);
  const bf::Sequences whole(X, Z, 1000);
  const bf::Windows windows(series, series,
                            {.length = 50, .stride = 10, .horizon = 1, .warm_up = 10});
  draw("long_series", 760, 400,
       series_curve(whole, {}) + series_curve(whole, {.truncation = 50}) +
           series_curve(windows, {.batch_size = 8}),
       "set logscale y\nset format y '10^{%T}'\nset grid\nset xlabel 'epoch'\n"
       "set ylabel 'mean E'\nset key top right\n"
       "plot 'long_series.dat' index 0 with linespoints lw 2 pt 7 ps 0.4 lc rgb '#999999' "
       "title 'whole: 1 step an epoch', '' index 1 with linespoints lw 2 pt 7 ps 0.4 lc rgb "
       "'#1560d4' title 'truncated: 20 steps', '' index 2 with linespoints lw 2 pt 7 ps 0.4 lc rgb "
       "'#d81b2a' title 'windows: 12 steps'\n");
}

}  // namespace tutorial
