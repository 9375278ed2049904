// SPDX-License-Identifier: MIT
// With EIGEN_DEFAULT_TO_ROW_MAJOR in the user's build, views and results show what they show
// without it.
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstdio>

namespace bf = backfold;

namespace {

int failures = 0;

void holds(const char* what, bool right) {
  if (right) return;
  std::printf("%s: wrong\n", what);
  ++failures;
}

using Columns = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

template <class Net>
void shows(Net net) {
  for (bf::Index i = 0; i < net.parameter_count(); ++i) {
    net.parameters()[i] = 0.1 * static_cast<double>(i % 7) - 0.3;
  }
  const double* const w = net.parameters().data();
  const Net& read = net;
  // [W | U | b] of 3 units, 2 inputs
  holds("weights<1>()", net.template weights<1>()(0, 1) == w[3]);
  holds("weights<1>() const", read.template weights<1>()(2, 4) == w[14]);
  holds("weights<1, 1>()", net.template weights<1, 1>()(2, 1) == w[6 + 5]);
  holds("weights<1, 1>() const", read.template weights<1, 1>()(1, 2) == w[6 + 7]);
  holds("bias<1>()", net.template bias<1>()[2] == w[17]);
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(3, 3) * 0.25;  // row-major
  net.template weights<1, 1>() = identity;
  net.template weights<1, 1>()(0, 2) = 0.5;
  holds("an assigned view", w[6] == 0.25 && w[7] == 0 && w[6 + 6] == 0.5);

  const Columns X = Columns::Random(2, 4), Z = Columns::Random(2, 4);
  bf::Workspace<Net> workspace(net, 2, 2);
  const auto Y = bf::run(net, X, 2, workspace);
  Columns expected(2, 4);  // step by step, in Eigen alone
  Columns before = Columns::Zero(3, 2);
  bf::State<Net> state(net, 2);
  for (int t = 0; t < 2; ++t) {
    const Columns sum = net.template weights<1, 0>() * X.middleCols(2 * t, 2) +
                        net.template weights<1, 1>() * before;
    before = (sum.colwise() + net.template bias<1>()).array().tanh();
    expected.middleCols(2 * t, 2) = net.template weights<2>() * before;
    expected.middleCols(2 * t, 2).colwise() += net.template bias<2>();
    const Eigen::MatrixXd y = bf::step(net, X.middleCols(2 * t, 2), state);  // row-major
    holds("step", y.isApprox(expected.middleCols(2 * t, 2)));
    holds("state.output<1>()", state.template output<1>().isApprox(before));
  }
  holds("run", Y.isApprox(expected));
  const Eigen::MatrixXd copy = Y;
  holds("run, copied into a row-major matrix", copy.isApprox(expected));

  const bf::Sequences<double> data(X, Z, 2);
  const auto check = bf::check_gradient(net, bf::HalfSquaredError{}, data);
  holds("gradient", check.largest_difference < 1e-7);
  Eigen::VectorXd g;
  Eigen::RowVectorXd row;
  Eigen::MatrixXd d;
  Columns d_columns;
  bf::gradient_with_inputs(net, bf::HalfSquaredError{}, data, workspace, g, d);
  bf::gradient_with_inputs(net, bf::HalfSquaredError{}, data, workspace, row, d_columns);
  holds("gradient as a row", row.transpose() == g);
  holds("d_inputs", d == d_columns);
  Columns moved = X;
  moved(1, 2) += 1e-6;
  const double above =
      bf::loss_of(net, bf::HalfSquaredError{}, bf::Sequences<double>(moved, Z, 2), workspace);
  moved(1, 2) -= 2e-6;
  const double below =
      bf::loss_of(net, bf::HalfSquaredError{}, bf::Sequences<double>(moved, Z, 2), workspace);
  holds("d_inputs against a difference", std::abs((above - below) / 2e-6 - d(1, 2)) < 1e-7);
}

}  // namespace

int main() {
  using namespace backfold;
  shows(Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>());
  shows(Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<>>, Dense<Dynamic, Linear>>(2, 3,
                                                                                               2));
  Mlp<double, Input<2>, Dense<3, Softmax>> net;
  net.weights<1>() << 1, 2, 3, 4, 5, 6;
  const Columns X = Columns::Random(2, 5);
  const Columns expected = net.weights<1>() * X;
  const Eigen::MatrixXd Y = net(X);
  for (Index c = 0; c < 5; ++c) {
    const Columns e = expected.col(c).array().exp();
    holds("net(X)", Y.col(c).isApprox(e / e.sum()));
  }
  const Columns classes = one_hot<double>(std::vector<int>{0, 2, 1, 1, 0}, 3);
  holds("one_hot", classes(2, 1) == 1 && classes(1, 2) == 1 && classes.sum() == 5);
  const auto counts =
      confusion_matrix(classes, one_hot<double>(std::vector<int>{0, 1, 1, 1, 0}, 3));
  holds("confusion_matrix", counts(1, 2) == 1 && counts(2, 1) == 0);
  return failures;
}
