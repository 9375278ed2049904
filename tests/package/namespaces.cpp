// SPDX-License-Identifier: MIT
// A program that opens Eigen's namespace and the library's: names that both have are written with
// theirs, all others are found.
#include <backfold/backfold.hpp>
#include <cstdio>

using namespace Eigen;
using namespace backfold;

int main() {
  using Net = Mlp<double, Input<2>, backfold::Dense<3, Tanh>, backfold::Dense<1, Linear>>;
  using Sized = Rnn<float, Input<Dynamic>, backfold::Dense<Dynamic, Tanh, Recurrent<>>,
                    Lstm<Dynamic>, backfold::Dense<Dynamic, Linear>>;
  Net net;
  Random random(1);
  net.initialize(Glorot{}, random);
  const MatrixXd X = MatrixXd::Random(2, 8), Z = MatrixXd::Zero(1, 8);
  const Samples data(X, Z);
  const History history = fit(net, HalfSquaredError{}, ClipNorm{Adam{}, 1.0}, data, {.epochs = 2});
  Workspace workspace(net, 8);
  VectorXd g;
  double sum = gradient(net, HalfSquaredError{}, data, workspace, g);
  Sized sized(1, 2, 3, 1);
  State state(sized);
  sum += static_cast<double>(step(sized, Vector2f(1, 2).head<1>(), state)(0));
  const Index count = net.parameter_count() + sized.parameter_count();
  std::printf("%ld parameters, error %g\n", static_cast<long>(count), sum);
  return history.losses.size() == 2 ? 0 : 1;
}
