// SPDX-License-Identifier: MIT
// Much of the library in a user's program, with sizes small enough that a compiler follows every
// element: scripts/silent_build.py compiles it with many warnings.
#include <backfold/backfold.hpp>
#ifdef BACKFOLD_TEST_IDX
#include <backfold/data/idx.hpp>
#endif
#include <cstdio>

namespace bf = backfold;

namespace {

template <class S>
using Affine = bf::Mlp<S, bf::Input<bf::Dynamic>, bf::Dense<bf::Dynamic, bf::Linear>>;

/// Three inputs, which the library does not know: it has a path for four.
double gradient_of_three(const Affine<float>& net, bf::Workspace<Affine<float>, 1>& workspace,
                         Eigen::VectorXf& g) {
  const Eigen::Vector3f x(1, 2, 3);
  const Eigen::Matrix<float, 1, 1> z(1);
  return bf::gradient(net, bf::HalfSquaredError{}, bf::Samples(x, z), workspace, g);
}

template <class S, class Activation, class L, class O>
double train(const L& loss, const O& optimizer) {
  bf::Mlp<S, bf::Input<3>, bf::Dense<5, Activation>, bf::Dense<1, bf::Sigmoid>> fixed;
  bf::Mlp<S, bf::Input<bf::Dynamic>, bf::Dense<bf::Dynamic, Activation>,
          bf::Dense<bf::Dynamic, bf::Sigmoid, bf::From<0>>>
      dynamic(3, 5, 1);
  bf::Random random(1);
  fixed.initialize(bf::Glorot{}, random);
  dynamic.initialize(bf::Orthogonal{}, random);
  const Eigen::Matrix<S, 3, 1> x(1, 2, 3);
  const Eigen::Matrix<S, 1, 1> z(S(1));
  const bf::Samples data(x, z);
  bf::fit(fixed, loss, optimizer, data, {.epochs = 2, .batch_size = 1});
  bf::fit(dynamic, loss, optimizer, data, {.epochs = 2, .batch_size = 1});
  return static_cast<double>(fixed(x)(0)) + static_cast<double>(dynamic(x)(0)) +
         bf::accuracy(fixed(x), z);
}

template <class S>
double recur() {
  using Dynamic =
      bf::Rnn<S, bf::Input<bf::Dynamic>, bf::Dense<bf::Dynamic, bf::Tanh, bf::Delayed<2>>,
              bf::Dense<bf::Dynamic, bf::Linear>>;
  bf::Rnn<S, bf::Input<2>, bf::Lstm<3>, bf::Gru<5>, bf::Dense<1, bf::Linear>> gated;
  Dynamic jordan(2, 7, 1);
  bf::Random random(1);
  gated.initialize(bf::Uniform{-1, 1}, random);
  jordan.initialize(bf::He{}, random);
  Eigen::Matrix<S, 2, 4> X;
  Eigen::Matrix<S, 1, 4> Z;
  X.setOnes();
  Z.setOnes();
  const bf::Sequences data(X, Z, 2);
  bf::fit(gated, bf::Huber{}, bf::ClipNorm{bf::Adam{}, 1.0}, data, {.epochs = 1});
  bf::fit(jordan, bf::LogCosh{}, bf::ClipValue{bf::AdamW{}, 1.0}, data, {.epochs = 1});
  bf::State gated_state(gated);
  bf::State jordan_state(jordan);
  const bf::Rtrl rtrl(jordan);
  return static_cast<double>(bf::step(gated, X.col(0), gated_state)(0)) +
         static_cast<double>(bf::step(jordan, X.col(0), jordan_state)(0));
}

}  // namespace

int main() {
  const Affine<float> net(3, 1);
  bf::Workspace<Affine<float>, 1> workspace(net);
  Eigen::VectorXf g;
  double sum = gradient_of_three(net, workspace, g);
  sum += train<float, bf::Relu>(bf::HalfSquaredError{}, bf::Momentum{});
  sum += train<double, bf::Tanh>(bf::BinaryCrossEntropy{}, bf::Rprop{});
  sum += recur<float>();
#ifdef BACKFOLD_TEST_IDX
  sum += bf::scaled_columns<double>(bf::read_idx("digits"))(0);
#endif
  std::printf("%g\n", sum);
}
