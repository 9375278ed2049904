// SPDX-License-Identifier: MIT
// Pictures of the tutorial's pages on perceptrons (docs/tutorial), drawn by the example gallery:
// the networks of the pages' programs.
#pragma once

#include <array>
#include <backfold/analysis/symmetry.hpp>
#include <backfold/backfold.hpp>
#include <cmath>
#include <string>

#include "picture.hpp"

namespace tutorial {

namespace bf = backfold;

/// A row of numbers.
template <class... Numbers>
std::string row(Numbers... numbers) {
  std::string text;
  ((text += number(numbers) + ' '), ...);
  text.back() = '\n';
  return text;
}

/// A neuron with and without its bias, and a hidden unit plus the line past it.
inline void bias_and_skips() {
  bf::Mlp<double, bf::Input<1>, bf::Dense<1, bf::Tanh>> neuron;
  bf::Mlp<double, bf::Input<1>, bf::Dense<1, bf::Tanh>, bf::Dense<1, bf::Linear, bf::From<0>>> skip;
  neuron.weights<1>() << 2;
  skip.parameters() << 1, 0, -1, 1, 0.5;  // W and b of the hidden unit, both weights and b of y
  std::string data;
  for (int i = -60; i <= 60; ++i) {
    const Eigen::Matrix<double, 1, 1> x(0.05 * i);
    neuron.bias<1>() << -1;
    const double with_bias = neuron(x)(0);
    neuron.bias<1>() << 0;
    auto hidden = skip, line = skip;
    hidden.weights<2, 1>().setZero();
    hidden.bias<2>().setZero();
    line.weights<2, 0>().setZero();
    data += row(x(0), with_bias, neuron(x)(0), hidden(x)(0), line(x)(0), skip(x)(0));
  }
  draw("bias_and_skips", 900, 400, data,
       "set multiplot layout 1,2\nset grid\nset xlabel 'x'\nset ylabel 'y'\n"
       "set key outside top center vertical maxrows 3\n"
       "plot 'bias_and_skips.dat' using 1:2 with lines lw 2 lc rgb '#1560d4' "
       "title 'tanh(2x − 1)', '' using 1:3 with lines lw 2 dt 2 lc rgb '#999999' "
       "title 'without bias: tanh(2x)'\n"
       "plot 'bias_and_skips.dat' using 1:4 with lines lw 2 dt 2 lc rgb '#1560d4' "
       "title 'from the hidden unit: −tanh x', '' using 1:5 with lines lw 2 dt 2 lc rgb '#1a8f3c' "
       "title 'past it, and bias: x + 0.5', '' using 1:6 with lines lw 3 lc rgb '#d81b2a' "
       "title 'their sum: the output'\nunset multiplot\n");
}

/// E along the straight line from a network to an equivalent one; both give the targets.
inline void equivalent_networks() {
  bf::Mlp<double, bf::Input<2>, bf::Dense<3, bf::Tanh>, bf::Dense<1, bf::Linear>> net;
  bf::Random random(1);
  net.initialize(bf::Glorot{}, random);
  auto other = net, between = net;
  bf::exchange_units<1>(other, 0, 2);
  bf::negate_unit<1>(other, 1);
  Eigen::MatrixXd X(2, 100);
  for (double& x : X.reshaped()) x = bf::uniform(random, -1, 1);
  const Eigen::MatrixXd Z = net(X);
  bf::Workspace workspace(net, 100);
  std::string data;
  for (int i = -10; i <= 110; ++i) {
    const double place = 0.01 * i;
    between.parameters() = (1 - place) * net.parameters() + place * other.parameters();
    data += row(place, bf::loss_of(between, bf::HalfSquaredError{}, bf::Samples(X, Z), workspace,
                                   {.reduction = bf::Reduction::Mean}));
  }
  draw("equivalent_networks", 700, 380, data,
       "set grid\nset xlabel 'place between w and the equivalent w’'\nset ylabel 'mean E'\n"
       "set xtics ('w' 0, '¼' 0.25, '½' 0.5, '¾' 0.75, 'w’' 1)\nset xrange [-0.1:1.1]\nunset key\n"
       "plot 'equivalent_networks.dat' with lines lw 2 lc rgb '#1560d4'\n");
}

/// E and ∂E/∂net of a sigmoid neuron for z = 1.
template <class Loss>
std::string error_curve(const Loss& loss) {
  bf::Mlp<double, bf::Input<1>, bf::Dense<1, bf::Sigmoid>> neuron;
  neuron.parameters().setZero();
  const Eigen::MatrixXd X = Eigen::MatrixXd::Zero(1, 1), Z = Eigen::MatrixXd::Ones(1, 1);
  bf::Workspace workspace(neuron, 1);
  Eigen::VectorXd g;
  std::string data;
  for (int i = -60; i <= 60; ++i) {
    neuron.bias<1>() << 0.1 * i;  // is the net input, and its gradient is δ
    const double E = bf::gradient(neuron, loss, bf::Samples(X, Z), workspace, g);
    data += row(neuron.bias<1>()(0), E, g[1]);
  }
  return data + "\n\n";
}

/// Cross-entropy and half squared error after a sigmoid.
inline void errors() {
  const auto plot = [](const std::string& column) {
    return "plot 'errors.dat' index 0 using 1:" + column +
           " with lines lw 2 lc rgb '#1560d4' title 'cross-entropy', '' index 1 using 1:" + column +
           " with lines lw 2 lc rgb '#d81b2a' title 'half squared error'\n";
  };
  draw("errors", 900, 380,
       error_curve(bf::BinaryCrossEntropy{}) + error_curve(bf::HalfSquaredError{}),
       "set multiplot layout 1,2\nset grid\nset xlabel 'net input of a sigmoid, z = 1'\n"
       "set ylabel 'E'\nset key top right\n" +
           plot("2") + "set ylabel 'δ = ∂E/∂net'\nunset key\nset yrange [-1.05:0.05]\n" +
           plot("3") + "unset multiplot\n");
}

/// E of the page's 2-2-1 network over some of its weights, with tangents from backpropagation.
inline void deltas() {
  bf::Mlp<double, bf::Input<2>, bf::Dense<2, bf::Tanh>, bf::Dense<1, bf::Sigmoid>> net;
  net.parameters() << 1, 0.5, -1, 1, 0, 0, 1, -1, 0;
  const Eigen::MatrixXd X = Eigen::Vector2d(1, 0.5), Z = Eigen::MatrixXd::Ones(1, 1);
  const bf::Samples sample(X, Z);
  const bf::BinaryCrossEntropy loss;
  bf::Workspace workspace(net, 1);
  Eigen::VectorXd g;
  const double E = bf::gradient(net, loss, sample, workspace, g);
  const Eigen::VectorXd w = net.parameters();
  const std::array<bf::Index, 3> shown = {0, 3, 6};
  const char* const names[] = {"layer 1: w_{11}", "layer 1: w_{22}", "layer 2: w_1"};
  const char* const colours[] = {"#1560d4", "#1a8f3c", "#d81b2a"};
  std::string data, script, tangents;
  for (std::size_t k = 0; k < shown.size(); ++k) {
    for (int i = -40; i <= 40; ++i) {
      net.parameters() = w;
      net.parameters()[shown[k]] += 0.05 * i;
      data += row(0.05 * i, bf::loss_of(net, loss, sample, workspace));
    }
    data += "\n\n";
    const std::string colour = std::string(" lc rgb '") + colours[k] + "'";
    script += (k == 0 ? "plot 'deltas.dat' index " : ", '' index ") + std::to_string(k) +
              " with lines lw 2" + colour + " title '" + names[k] + "'";
    tangents += ", [-0.8:0.8] " + number(E) + " + (" + number(g[shown[k]]) +
                ")*x with lines lw 1.5 dt 2" + colour + " title '" +
                (k == 0 ? "slopes by backpropagation" : "") + "'";
  }
  draw("deltas", 760, 400, data,
       "set grid\nset xlabel 'change of the weight'\nset ylabel 'E'\nset key outside top center "
       "horizontal maxrows 2\n" +
           script + tangents + '\n');
}

/// E over the epochs of the page's second part: 1, 20 and 200 samples a step.
inline void online_and_batch() {
  const Eigen::MatrixXd X = Eigen::RowVectorXd::LinSpaced(200, -1, 1);
  const Eigen::MatrixXd Z = (3 * X.array()).sin();
  std::string data;
  for (const bf::Index size : {1, 20, 200}) {
    bf::Mlp<double, bf::Input<1>, bf::Dense<8, bf::Tanh>, bf::Dense<1, bf::Linear>> net;
    bf::Random random(1);
    net.initialize(bf::Glorot{}, random);
    const auto history = bf::fit(net, bf::HalfSquaredError{}, bf::Sgd{.learning_rate = 0.1},
                                 bf::Samples(X, Z), {.epochs = 50, .batch_size = size});
    for (std::size_t i = 0; i < history.losses.size(); ++i) {
      data += row(double(i + 1), history.losses[i]);
    }
    data += "\n\n";
  }
  draw("online_and_batch", 760, 400, data,
       "set logscale y\nset grid\nset xlabel 'epoch'\nset ylabel 'mean E'\nset key top right\n"
       "plot 'online_and_batch.dat' index 0 with lines lw 2 lc rgb '#d81b2a' "
       "title 'online: a step for each sample', '' index 1 with lines lw 2 lc rgb '#1a8f3c' "
       "title 'mini-batches of 20', '' index 2 with lines lw 2 lc rgb '#1560d4' "
       "title 'batch: a step for all 200'\n");
}

}  // namespace tutorial
