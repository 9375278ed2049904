// SPDX-License-Identifier: MIT
// Pictures of the tutorial (docs/tutorial), drawn by the example gallery.
#pragma once

#include <backfold/backfold.hpp>
#include <cmath>
#include <string>

#include "picture.hpp"

namespace tutorial {

namespace bf = backfold;

/// Columns net, φ, φ' of an activation, computed by a network of one neuron.
template <class Activation>
std::string activation_curve() {
  bf::Mlp<double, bf::Input<1>, bf::Dense<1, Activation>> neuron;
  neuron.parameters() << 1, 0;
  bf::Workspace workspace(neuron, 1);
  Eigen::MatrixXd x(1, 1), z(1, 1);
  Eigen::VectorXd g;
  std::string data;
  for (int i = -80; i <= 80; i += 2) {
    x(0, 0) = 0.05 * i;
    const double y = neuron(x)(0, 0);
    z(0, 0) = y - 1;  // ∂E/∂y = 1, so that the gradient of the bias is φ'
    bf::gradient(neuron, bf::HalfSquaredError{}, bf::Samples(x, z), workspace, g);
    data += number(x(0, 0)) + ' ' + number(y) + ' ' + number(g[1]) + '\n';
  }
  return data + "\n\n";
}

/// Four activation functions next to their derivatives.
inline void activations() {
  const std::string data = activation_curve<bf::Linear>() + activation_curve<bf::Sigmoid>() +
                           activation_curve<bf::Tanh>() + activation_curve<bf::Relu>();
  const auto plot = [](const std::string& title, const std::string& column) {
    const std::string curve = " using 1:" + column + " with lines lw 2 lc rgb ";
    return "set title '" + title + "'\nplot 'activations.dat' index 0" + curve +
           "'#999999' title 'linear', '' index 1" + curve +
           "'#1560d4' title 'sigmoid', '' index 2" + curve + "'#d81b2a' title 'tanh', '' index 3" +
           curve + "'#1a8f3c' title 'ReLU'\n";
  };
  draw("activations", 900, 380, data,
       "set multiplot layout 1,2\nset grid\nset xlabel 'net'\nset key top left\n"
       "set yrange [-1.2:2.2]\n" +
           plot("φ(net)", "2") + "unset key\nset yrange [-0.1:1.2]\n" + plot("φ’(net)", "3") +
           "unset multiplot\n");
}

/// XOR with noise: the lines net = 0 of two hidden units, and the boundary that they make.
inline void hidden_lines() {
  constexpr int n = 160, size = 49;
  bf::Random random(3);
  Eigen::MatrixXd X(2, n), Z(1, n);
  for (int s = 0; s < n; ++s) {
    const int a = s % 2, b = s / 2 % 2;
    X.col(s) << a + 0.13 * bf::normal(random), b + 0.13 * bf::normal(random);
    Z(0, s) = a != b ? 1 : 0;
  }
  bf::Mlp<double, bf::Input<2>, bf::Dense<2, bf::Tanh>, bf::Dense<1, bf::Sigmoid>> net;
  net.initialize(bf::Uniform{-1, 1}, random);
  bf::fit(net, bf::BinaryCrossEntropy{}, bf::Adam{.learning_rate = 0.03}, bf::Samples(X, Z),
          {.epochs = 200, .batch_size = 16});

  std::string data;
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < size; ++j) {
      const Eigen::Vector2d x(-0.5 + 2.0 * j / (size - 1), -0.5 + 2.0 * i / (size - 1));
      data += number(x[0]) + ' ' + number(x[1]) + ' ' + number(net(x)(0)) + '\n';
    }
    data += '\n';
  }
  for (const int wanted : {0, 1}) {
    data += "\n\n";
    for (int s = 0; s < n; ++s) {
      if (Z(0, s) == wanted) data += number(X(0, s)) + ' ' + number(X(1, s)) + '\n';
    }
  }
  std::string lines;
  for (int j = 0; j < 2; ++j) {
    lines += ", " + number(-net.weights<1>()(j, 0) / net.weights<1>()(j, 1)) + "*x + " +
             number(-net.bias<1>()[j] / net.weights<1>()(j, 1)) +
             " with lines lw 2 dt 2 lc rgb '#777777' title 'hidden unit " + std::to_string(j + 1) +
             ": net = 0'";
  }
  draw("hidden_lines", 620, 560, data,
       "set contour base\nset cntrparam levels discrete 0.5\nunset surface\n"
       "set table $boundary\nsplot 'hidden_lines.dat' index 0\nunset table\n"
       "set xrange [-0.5:1.5]\nset yrange [-0.5:1.5]\nset xlabel 'x_1'\nset ylabel 'x_2'\n"
       "set key outside top center maxrows 3\n"
       "plot 'hidden_lines.dat' index 1 with points pt 7 ps 0.5 lc rgb '#1560d4' title '0', "
       "'' index 2 with points pt 9 ps 0.6 lc rgb '#d81b2a' title '1', "
       "$boundary with lines lw 3 lc rgb '#111111' title 'output = ½'" +
           lines + '\n');
}

/// w over the steps of gradient descent on E = ½·5·(w − 2)², the neuron of the tutorial's page.
inline void learning_rates() {
  bf::Mlp<double, bf::Input<1>, bf::Dense<1, bf::Linear, bf::NoBias>> neuron;
  Eigen::MatrixXd X(1, 2), Z(1, 2);
  X << 1, 2;
  Z << 2, 4;
  const bf::Samples samples(X, Z);
  bf::Workspace workspace(neuron, 2);
  Eigen::VectorXd g;
  const std::string colours[] = {"'#999999'", "'#1560d4'", "'#1a8f3c'", "'#e08a00'", "'#d81b2a'"};
  std::string data, script;
  int block = 0;
  for (const double rate : {0.02, 0.1, 0.3, 0.39, 0.41}) {
    neuron.parameters().setZero();
    for (int step = 0; step <= 20; ++step) {
      bf::gradient(neuron, bf::HalfSquaredError{}, samples, workspace, g);
      data += number(step) + ' ' + number(neuron.parameters()[0]) + '\n';
      neuron.parameters() -= rate * g;
    }
    data += "\n\n";
    script += (block == 0 ? "plot 'learning_rates.dat' index " : ", '' index ") +
              std::to_string(block) + " using 1:2 with linespoints lw 2 pt 7 ps 0.4 lc rgb " +
              colours[block] + " title 'η = " + number(rate) + "'";
    ++block;
  }
  draw("learning_rates", 760, 400, data,
       "set yrange [-4:8]\nset grid\nset xlabel 'step'\nset ylabel 'w'\n"
       "set key outside right\n" +
           script + '\n');
}

/// Rows of a lag and |∂E/∂x^(T − lag)| as a fraction of |∂E/∂x^T|, for E of the last step.
template <class Net>
std::string derivative_by_lag(const Net& net) {
  constexpr bf::Index T = 100;
  const Eigen::MatrixXd X = Eigen::MatrixXd::Constant(1, T, 0.1), Z = Eigen::MatrixXd::Ones(1, 1);
  bf::Sequences samples(X, Z, T);
  samples.targets_at = bf::TargetsAt::LastStep;
  bf::Workspace workspace(net, 1, T);
  Eigen::VectorXd g;
  Eigen::MatrixXd by_x;
  bf::gradient_with_inputs(net, bf::HalfSquaredError{}, samples, workspace, g, by_x);
  std::string data;
  for (bf::Index lag = 0; lag < T; lag += 3) {
    data +=
        number(double(lag)) + ' ' + number(std::abs(by_x(0, T - 1 - lag) / by_x(0, T - 1))) + '\n';
  }
  return data + "\n\n";
}

/// Vanishing and exploding gradients, of linear units and of LSTM units.
inline void long_lags() {
  bf::Rnn<double, bf::Input<1>, bf::Dense<1, bf::Linear, bf::Recurrent<>, bf::NoBias>> unit;
  std::string data, script;
  int block = 0;
  const auto add = [&](const std::string& name, const char* colour, const std::string& rows) {
    data += rows;
    script += (block == 0 ? "plot 'long_lags.dat' index " : ", '' index ") + std::to_string(block) +
              " with linespoints lw 2 pt 7 ps 0.3 lc rgb '" + colour + "' title '" + name + "'";
    ++block;
  };
  const char* colours[] = {"#9ec0f5", "#1560d4", "#0a2f6b", "#f5b49e", "#d81b2a", "#6b0a12"};
  for (const double u : {0.9, 1.0, 1.1}) {
    unit.parameters() << 1, u;
    add("linear, u = " + number(u), colours[block], derivative_by_lag(unit));
  }
  for (const double bias : {0.0, 3.0, 5.0}) {
    bf::Rnn<double, bf::Input<1>, bf::Lstm<1>, bf::Dense<1, bf::Linear>> lstm(
        bf::Input<1>{}, bf::Lstm<1>(bf::ForgetBias{bias}), {});
    bf::Random random(2);
    lstm.initialize(bf::Uniform{-0.01, 0.01}, random);
    add("LSTM, forget bias " + number(bias), colours[block], derivative_by_lag(lstm));
  }
  draw("long_lags", 800, 420, data,
       "set logscale y\nset format y '10^{%T}'\nset yrange [1e-8:1e5]\nset grid\n"
       "set xlabel 'lag in steps'\nset ylabel 'derivative by the input'\n"
       "set key outside right\n" +
           script + '\n');
}

}  // namespace tutorial
