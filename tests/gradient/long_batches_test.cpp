// SPDX-License-Identifier: MIT
#include <cmath>

#include "backfold/backfold.hpp"
#include "catch.hpp"

namespace bf = backfold;
using bf::Index;

namespace {

/// A few units of the last place for each doubling of a million terms.
constexpr double bound = 3 * 20 * 0x1p-23;

/// The largest relative difference of float's error and gradient from double's, over `batch`
/// sequences of `steps` steps, all alike: the errors of equal terms do not cancel.
template <template <class> class Net>
double distance(Index batch, Index steps, bf::TargetsAt at = bf::TargetsAt::EveryStep) {
  Net<float> net;
  Net<double> one;
  for (Index i = 0; i < net.parameter_count(); ++i) {
    net.parameters()[i] = 0.1f * float(i % 3 + 1);
    one.parameters()[i] = double(net.parameters()[i]);
  }
  const Index last = at == bf::TargetsAt::LastStep ? 1 : steps;
  const bf::Matrix<float> x = bf::Matrix<float>::Constant(net.inputs(), batch * steps, 0.3f);
  const bf::Matrix<float> z = bf::Matrix<float>::Constant(net.outputs(), batch * last, 3.0f);
  const bf::Matrix<double> x1 = x.leftCols(steps).template cast<double>();
  const bf::Matrix<double> z1 = z.leftCols(last).template cast<double>();
  bf::Workspace<Net<float>> workspace(net, batch, steps);
  bf::Workspace<Net<double>> workspace1(one, 1, steps);
  bf::Vector<float> g;
  bf::Vector<double> g1;
  const bf::HalfSquaredError loss;
  bf::Sequences<float> data(x, z, steps);
  bf::Sequences<double> data1(x1, z1, steps);
  data.targets_at = data1.targets_at = at;
  const double e = bf::gradient(net, loss, data, workspace, g);
  const double e1 = bf::gradient(one, loss, data1, workspace1, g1);
  double worst = std::abs(e / (double(batch) * e1) - 1);
  for (Index i = 0; i < g.size(); ++i) {
    worst = std::max(worst, std::abs(double(g[i]) / (double(batch) * g1[i]) - 1));
  }
  return worst;
}

template <class S>
using OneToOne = bf::Mlp<S, bf::Input<1>, bf::Dense<1, bf::Tanh>>;
template <class S>
using Small = bf::Mlp<S, bf::Input<3>, bf::Dense<5, bf::Tanh>, bf::Dense<2, bf::Linear>>;
template <class S>
using Elman =
    bf::Rnn<S, bf::Input<1>, bf::Dense<2, bf::Tanh, bf::Recurrent<>>, bf::Dense<1, bf::Linear>>;
template <class S>
using Diagonal = bf::Rnn<S, bf::Input<1>, bf::Dense<2, bf::Tanh, bf::SelfRecurrent<>>>;
template <class S>
using LstmNet = bf::Rnn<S, bf::Input<1>, bf::Lstm<1>>;
template <class S>
using GruNet = bf::Rnn<S, bf::Input<1>, bf::Gru<1>>;

}  // namespace

TEST_CASE("float gradients over very many samples are double's", "[gradient]") {
  CHECK(distance<OneToOne>(1 << 20, 1) <= bound);
  CHECK(distance<OneToOne>((1 << 21) + 77, 1) <= bound);
  CHECK(distance<Small>(1 << 18, 1) <= bound);
}

TEST_CASE("float gradients over very many sequences are double's", "[gradient]") {
  CHECK(distance<Elman>(1 << 16, 4) <= bound);
  CHECK(distance<Elman>(1 << 16, 4, bf::TargetsAt::LastStep) <= bound);
  CHECK(distance<Diagonal>(1 << 16, 4) <= bound);
  CHECK(distance<LstmNet>(1 << 16, 4) <= bound);
  CHECK(distance<GruNet>(1 << 16, 4) <= bound);
}

TEST_CASE("float gradients over very many steps are double's", "[gradient]") {
  CHECK(distance<Elman>(1, 1 << 17) <= bound);
  CHECK(distance<Diagonal>(1, 1 << 17) <= bound);
  CHECK(distance<LstmNet>(1, 1 << 16) <= bound);
}

TEST_CASE("the error of very many samples is as accurate as that of one, in double") {
  bf::Mlp<double, bf::Input<1>, bf::Dense<1, bf::Linear>> net;
  net.parameters() << 0.1, 0.3;
  const Index n = Index{1} << 21;
  const bf::Matrix<double> x = bf::Matrix<double>::Constant(1, n, 1.0 / 3);
  const bf::Matrix<double> z = bf::Matrix<double>::Constant(1, n, 0.7);
  const bf::Vector<double> weights = bf::Vector<double>::Constant(n, 0.9);
  bf::Workspace<decltype(net)> workspace(net, n);
  const double e = bf::loss_of(net, bf::HalfSquaredError{},
                               bf::Samples(x.leftCols<1>(), z.leftCols<1>()), workspace);
  CHECK(bf::loss_of(net, bf::HalfSquaredError{}, bf::Samples(x, z), workspace) ==
        Approx(double(n) * e).epsilon(3 * 21 * 0x1p-52));
  CHECK(bf::loss_of(net, bf::HalfSquaredError{}, bf::Samples(x, z, weights), workspace) ==
        Approx(0.9 * double(n) * e).epsilon(3 * 21 * 0x1p-52));
}

TEST_CASE("the loss of an epoch and its step are as accurate in batches and shards") {
  const Index n = Index{1} << 19;
  bf::Mlp<float, bf::Input<2>, bf::Dense<8, bf::Tanh>, bf::Dense<1, bf::Linear>> first;
  for (Index i = 0; i < first.parameter_count(); ++i)
    first.parameters()[i] = 0.1f * float(i % 3 + 1);
  const bf::Matrix<float> x = bf::Matrix<float>::Constant(2, n, 0.3f);
  const bf::Matrix<float> z = bf::Matrix<float>::Constant(1, n, 3.0f);
  bf::Workspace<decltype(first)> workspace(first, 1);
  bf::Vector<float> g;
  const double e = bf::gradient(first, bf::HalfSquaredError{},
                                bf::Samples(x.leftCols<1>(), z.leftCols<1>()), workspace, g);
  for (const Index threads : {0, 1}) {  // as one batch, in shards
    auto net = first;
    bf::FitOptions options;
    options.epochs = 1;
    options.batch_size = bf::full_batch;
    options.threads = threads;
    const auto history = bf::fit(net, bf::HalfSquaredError{}, bf::Sgd{.learning_rate = 1},
                                 bf::Samples(x, z), options);
    CHECK(history.losses[0] == Approx(e).epsilon(bound));
    const auto step = (first.parameters() - net.parameters()).eval();
    CHECK((step - g).norm() <= 4 * bound * double(g.norm()));
  }
}

TEST_CASE("the norm of a very long gradient is that of double's sum in blocks") {
  const Index n = Index{1} << 21;
  const bf::Vector<double> g = bf::Vector<double>::Constant(n, 0.1);
  CHECK(bf::norm_of(g.data(), n) == Approx(0.1 * std::sqrt(double(n))).epsilon(2e-15));
}
