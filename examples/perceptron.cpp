// SPDX-License-Identifier: MIT
// Rosenblatt's perceptron next to a differentiable neuron. Both separate two classes of points in
// the plane; where no line does, the perceptron never comes to rest.
// Source: Rosenblatt, The perceptron (1958).
#include <backfold/backfold.hpp>
#include <cstdio>
#include <string>

#include "picture.hpp"

namespace bf = backfold;

namespace {

/// The step function. With 1 as its derivative, gradient descent on the half squared error is
/// Rosenblatt's rule: Δw = η (z − x) xᵀ, nonzero only for points on the wrong side.
struct Step {
  template <class V>
  [[nodiscard]] V value(const V& net) const {
    return select(net > V(0), V(1), V(0));
  }
  template <class V>
  [[nodiscard]] V derivative(const V&) const {
    return V(1);
  }
};

using Perceptron = bf::Mlp<double, bf::Input<2>, bf::Dense<1, Step>>;
using Neuron = bf::Mlp<double, bf::Input<2>, bf::Dense<1, bf::Sigmoid>>;

constexpr int points = 200;
constexpr bf::Index epochs = 30;

/// Two clouds of points, one on either side of the line x + y = 0.
bf::Index draw_points(double spread, Eigen::MatrixXd& X, Eigen::MatrixXd& Z) {
  bf::Random random(7);
  bf::Index wrong_side = 0;
  for (int s = 0; s < points; ++s) {
    const double side = s % 2 == 0 ? 1 : -1;
    X(0, s) = side + spread * bf::normal(random);
    X(1, s) = side + spread * bf::normal(random);
    Z(0, s) = s % 2 == 0 ? 1 : 0;
    wrong_side += (X(0, s) + X(1, s) > 0) != (s % 2 == 0);
  }
  return wrong_side;
}

/// Online learning. @return the share of wrong points after each epoch
template <class Net, class Loss>
Eigen::VectorXd learn(Net& net, const Loss& loss, const Eigen::MatrixXd& X,
                      const Eigen::MatrixXd& Z) {
  bf::Random random(1);
  net.initialize(bf::Uniform{}, random);
  Eigen::VectorXd wrong(epochs);
  bf::fit(net, loss, bf::Sgd{.learning_rate = 0.1}, bf::Samples(X, Z),
          {.epochs = epochs, .batch_size = 1}, [&](const bf::EpochReport& report) {
            wrong[report.epoch - 1] = 1 - bf::accuracy(net(X), Z);
          });
  return wrong;
}

/// The boundary w₁ x + w₂ y + b = 0 as y(x), for gnuplot.
template <class Net>
std::string boundary(const Net& net) {
  const auto w = net.template weights<1>();
  return std::string("(") + number(-w(0, 0) / w(0, 1)) + "*x + " +
         number(-net.template bias<1>()[0] / w(0, 1)) + ")";
}

}  // namespace

int main() {
  bool separated = true;
  for (const double spread : {0.35, 0.9}) {
    Eigen::MatrixXd X(2, points), Z(1, points);
    const bf::Index wrong_side = draw_points(spread, X, Z);
    Perceptron perceptron;
    Neuron neuron;
    const Eigen::VectorXd by_rule = learn(perceptron, bf::HalfSquaredError{}, X, Z);
    const Eigen::VectorXd by_gradient = learn(neuron, bf::BinaryCrossEntropy{}, X, Z);
    std::printf(
        "%td of %d points beyond x + y = 0; wrong in the last ten epochs: perceptron "
        "%.1f to %.1f %%, neuron %.1f to %.1f %%\n",
        wrong_side, points, 100 * by_rule.tail(10).minCoeff(), 100 * by_rule.tail(10).maxCoeff(),
        100 * by_gradient.tail(10).minCoeff(), 100 * by_gradient.tail(10).maxCoeff());
    if (spread < 0.5) {
      separated = by_rule[epochs - 1] == 0 && by_gradient[epochs - 1] == 0;
      continue;
    }
    std::string rows, curves;
    for (int s = 0; s < points; ++s) {
      rows += number(X(0, s)) + " " + number(X(1, s)) + " " + number(Z(0, s)) + "\n";
    }
    for (bf::Index e = 0; e < epochs; ++e) {
      curves += number(double(e + 1)) + " " + number(100 * by_rule[e]) + " " +
                number(100 * by_gradient[e]) + "\n";
    }
    draw("perceptron", 900, 400, rows + "\n\n" + curves,
         "set multiplot layout 1,2\nset xlabel 'x'\nset ylabel 'y'\nset size ratio -1\n"
         "set xrange [-4:4]\nset yrange [-4:4]\nset key above\n"
         "plot 'perceptron.dat' index 0 using 1:($3 == 1 ? $2 : NaN) with points pt 7 ps 0.4 "
         "title 'class 1', '' index 0 using 1:($3 == 0 ? $2 : NaN) with points pt 6 ps 0.5 "
         "title 'class 0', " +
             boundary(perceptron) + " lw 2 title 'perceptron', " + boundary(neuron) +
             " lw 2 title 'neuron'\n"
             "set size noratio\nset xlabel 'epoch'\nset ylabel 'wrong points (%)'\n"
             "set xrange [1:30]\nset yrange [0:*]\nset key above\n"
             "plot '' index 1 using 1:2 with lines lw 2 lc 3 title 'perceptron', "
             "'' index 1 using 1:3 with lines lw 2 lc 4 title 'neuron'\nunset multiplot\n");
  }
  return separated ? 0 : 1;
}
