// SPDX-License-Identifier: MIT
#include "backfold/analysis/hessian.hpp"

#include <limits>

#include "backfold/activation/fast_sigmoid.hpp"
#include "backfold/activation/fast_tanh.hpp"
#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "hessian_checks.hpp"
#include "numbers.hpp"
#include "reference/reference.hpp"
#include "said.hpp"

using namespace backfold;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

using hessians::check;
using hessians::vector_of;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Over sequences of some lengths and a sequence of one step.
template <class Net, class L = HalfSquaredError>
void check_sequences(const L& loss = {}) {
  const Net net = made<Net>();
  const Index batch = 3, steps = 5;
  const MatrixXd X = numbers(net.inputs(), batch * steps, 41);
  const MatrixXd Z =
      (numbers(net.outputs() / outputs_per_target<L>, batch * steps, 42).array() + 1) / 2;
  check(net, loss, Sequences<double>(X, Z, steps));
  check(net, loss, Sequences<double>(X.leftCols(1), Z.leftCols(1), 1), Reduction::Mean);
}

struct Own {
  template <class V>
  V value(const V& net) const {
    return net / (1 + abs(net));
  }
  template <class V>
  V derivative(const V& x) const {
    return square(1 - abs(x));
  }
};

template <class A>
using With = Mlp<double, Input<2>, Dense<3, A>, Dense<2, A>>;

template <class Net, class L>
void check_reference(const char* name, Net net, const L& loss) {
  INFO(name);
  const Reference ref(std::string("hessians/") + name);
  net.parameters() = ref["w"];
  const Sequences<double> data(ref["X"], ref["Z"], static_cast<Index>(ref.number("steps")));
  HessianProduct<Net> product(net);
  VectorXd Hv, g;
  product(net, loss, data, ref["v"], Hv);
  product.gradient(g);
  CHECK(difference(Hv, ref["Hv"]) < 1e-12);
  CHECK(difference(g, ref["g"]) < 1e-12);
}

}  // namespace

TEST_CASE("products with the Hessian equal PyTorch's", "[reference]") {
  check_reference("skips", Mlp<double, Input<3>, Dense<4, Tanh>, Dense<3, Softmax, From<0>>>(),
                  CategoricalCrossEntropy{});
  check_reference(
      "layer_norm",
      Mlp<double, Input<3>, Dense<4, Linear>, LayerNorm<4>, Activate<4, Gelu>, Dense<2, Sigmoid>>(),
      HalfSquaredError{});
  check_reference("elman", Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>(),
                  HalfSquaredError{});
  check_reference("lstm", Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>(), HalfSquaredError{});
  check_reference("gru", Rnn<double, Input<2>, Gru<3>, Dense<2, Tanh, From<0>>>(),
                  HalfSquaredError{});
  check_reference("delays",
                  Rnn<double, Input<2>, Dense<3, Silu, Delayed<2>, Recurrent<2>>,
                      Dense<2, Softplus, SelfRecurrent<>>>(),
                  LogCosh{});
}

TEST_CASE("products with the Hessian are the gradient's differences for all activations") {
  check_sequences<With<Linear>>();
  check_sequences<With<Tanh>>();
  check_sequences<With<Sigmoid>>();
  check_sequences<With<Elu>>();
  check_sequences<With<FastSigmoid>>();
  check_sequences<With<FastTanh>>();
  check_sequences<With<Gelu>>();
  check_sequences<With<LeakyRelu>>();
  check_sequences<With<Relu>>();
  check_sequences<With<Silu>>();
  check_sequences<With<Softplus>>();
  check_sequences<With<Softmax>>();
  check_sequences<With<Own>>();
}

TEST_CASE("products with the Hessian are the gradient's differences for all losses") {
  check_sequences<With<Tanh>>(Huber{.threshold = 0.4});
  check_sequences<With<Tanh>>(LogCosh{});
  check_sequences<With<Linear>>(Poisson{});
  check_sequences<With<Linear>>(GaussianNll{});
  check_sequences<With<Sigmoid>>(BinaryCrossEntropy{});
  check_sequences<With<Sigmoid>>(CategoricalCrossEntropy{});
  check_sequences<With<Softmax>>(CategoricalCrossEntropy{});
  check_sequences<With<Softmax>>(BinaryCrossEntropy{});
}

TEST_CASE("products with the Hessian go through every delay, skip and kind of weights") {
  check_sequences<Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<1, Linear>>>();
  check_sequences<Rnn<double, Input<2>, Dense<1, Tanh, SelfRecurrent<2>>>>();
  check_sequences<Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>, Delayed<0, 2>>,
                      Dense<2, Sigmoid, From<0>, Recurrent<>>>>(BinaryCrossEntropy{});
  check_sequences<Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Tanh, From<0>, NoBias>,
                      Dense<3, Linear, Add<1>>>>();
  check_sequences<
      Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, LearntStart>, Dense<1, Linear>>>();
}

TEST_CASE("products with the Hessian go through cells and layers without weights") {
  check_sequences<Rnn<double, Input<2>, Lstm<3>, Dense<1, Linear>>>();
  check_sequences<Rnn<double, Input<2>, Lstm<3, LearntStart>, Dense<1, Linear>>>();
  check_sequences<Rnn<double, Input<2>, Gru<3, Delayed<2>>, Dense<1, Tanh>>>();
  check_sequences<Rnn<double, Input<2>, Gru<3, NoBias>, Lstm<2>>>();
  check_sequences<Rnn<double, Input<2>, MinGru<3>, Dense<1, Linear>>>();
  check_sequences<Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>>, LayerNorm<3>, Dropout<3>,
                      Dense<1, Linear>>>();
  check_sequences<Mlp<double, Input<2>, Dense<3, Linear>, LayerNorm<3>, Activate<3, Gelu>,
                      Residual<3, 1>, Dense<1, Linear>>>();
}

TEST_CASE("a product with the Hessian goes through an embedding") {
  using Net = Rnn<double, Input<1>, Embedding<3, 4>, Dense<3, Tanh, Recurrent<>>>;
  MatrixXd X(1, 6);
  X << 0, 3, 1, 2, 3, 0;
  const MatrixXd Z = numbers(3, 6, 5);
  check(made<Net>(), HalfSquaredError{}, Sequences<double>(X, Z, 3));
}

TEST_CASE("the Hessian takes weights, lengths and missing targets as the gradient does") {
  using Net = Rnn<double, Input<1>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;
  MatrixXd X = numbers(1, 15, 7), Z = numbers(2, 15, 8);
  const std::vector<double> weights{2, 1, 0.5, 1, 1, 1, 0, 1, 1, 1, 1, 1, 3, 1, 1};
  const std::vector<Index> lengths{5, 2, 4};
  for (Index c = 0; c < 15; ++c) {
    if (c / 3 >= lengths[static_cast<std::size_t>(c % 3)]) X(0, c) = Z(0, c) = not_a_number;
  }
  Sequences<double> data(X, Z, weights, 5);
  data.lengths = lengths.data();
  check(made<Net>(), HalfSquaredError{}, data, Reduction::Mean);
  Z(0, 0) = not_a_number;
  Sequences<double> missing(X, Z, 5);
  missing.lengths = lengths.data();
  missing.missing = Missing::NaN;
  check(made<Net>(), Huber{.threshold = 0.3}, missing, Reduction::Mean);
  using WithVariances = Rnn<double, Input<1>, Dense<3, Tanh, Recurrent<>>, Dense<4, Linear>>;
  check(made<WithVariances>(), GaussianNll{}, missing, Reduction::Mean);
  const MatrixXd last = numbers(2, 3, 9);
  Sequences<double> at_end(X, last, 5);
  at_end.targets_at = TargetsAt::LastStep;
  at_end.lengths = lengths.data();
  check(made<Net>(), HalfSquaredError{}, at_end);
}

TEST_CASE("the Hessian of a linear network is that of a quadratic function") {
  using Net = Mlp<double, Input<2>, Dense<1, Linear>>;
  const MatrixXd X = numbers(2, 9, 3), Z = numbers(1, 9, 4);
  MatrixXd ones(3, 9);
  ones << X, MatrixXd::Ones(1, 9);
  const MatrixXd H = hessian(made<Net>(), HalfSquaredError{}, Samples(X, Z));
  CHECK(difference(H, ones * ones.transpose()) < 1e-14);
}

TEST_CASE("a Hessian has the products as its columns; float and Dynamic sizes have one too") {
  using Net = Mlp<float, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
  using Same = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<1, Linear>>;
  Net net(2, 3, 1);
  const Same same = made<Same>();
  net.parameters() = same.parameters().cast<float>();
  const MatrixXd X = numbers(2, 4, 3), Z = numbers(1, 4, 4);
  const Eigen::MatrixXf Xf = X.cast<float>(), Zf = Z.cast<float>();
  const MatrixXd H = hessian(same, HalfSquaredError{}, Samples(X, Z));
  const VectorXd v = vector_of(13, 2);
  VectorXd Hv;
  hessian_vector(same, HalfSquaredError{}, Samples(X, Z), v, Hv);
  CHECK(difference(H * v, Hv) < 1e-13);
  const Eigen::MatrixXf Hf = hessian(net, HalfSquaredError{}, Samples(Xf, Zf));
  CHECK(difference(Hf.cast<double>(), H) < 1e-5);
}

TEST_CASE("a Hessian is refused for what does not fit") {
  using Net = Mlp<double, Input<2>, Dense<1, Linear>>;
  const Net net = made<Net>();
  const MatrixXd X = numbers(2, 4, 3), Z = numbers(1, 4, 4);
  VectorXd Hv;
  CHECK(said([&] {
          hessian_vector(net, HalfSquaredError{}, Samples(X, Z), VectorXd::Ones(2), Hv);
        }) == "hessian: the vector has 2 numbers, the network 3 parameters");
}
