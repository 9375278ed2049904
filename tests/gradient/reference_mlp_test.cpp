// SPDX-License-Identifier: MIT
#include "reference_test.hpp"

using namespace reference;
using bf::Dense;
using bf::From;
using bf::NoBias;

TEST_CASE("deep, wide and smallest networks equal PyTorch's", "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_mlp("deep", half_squared, In<3>(), TanhLayer<4>(), SigmoidLayer<5>(), TanhLayer<4>(),
            TanhLayer<3>(), SigmoidLayer<4>(), LinearLayer<2>());
  check_mlp("wide", half_squared, In<6>(), TanhLayer<70>(), LinearLayer<3>());
  check_mlp("one_unit", half_squared, In<1>(), SigmoidLayer<1>());
  check_mlp("one_sample", bf::CategoricalCrossEntropy{}, In<4>(), Dense<5, bf::Relu>(),
            SoftmaxLayer<3>());
}

TEST_CASE("skip connections and missing biases equal PyTorch's", "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_mlp("skip_two_layers", half_squared, In<3>(), TanhLayer<4>(), TanhLayer<3>(),
            LinearLayer<2, From<0>>());
  check_mlp("skips", bf::Huber{.threshold = 0.5}, In<2>(), TanhLayer<3>(),
            SigmoidLayer<4, From<0>>(), TanhLayer<2, From<1>, From<0>>());
  check_mlp("no_bias", half_squared, In<3>(), TanhLayer<4, NoBias>(), LinearLayer<2, NoBias>());
  check_mlp("mixed_bias", half_squared, In<3>(), SigmoidLayer<4, NoBias>(), TanhLayer<3>(),
            LinearLayer<2, From<1>, NoBias>());
}

TEST_CASE("slopes and all activations equal PyTorch's", "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_mlp("slopes", half_squared, In<3>(), TanhLayer<4>(bf::Tanh{1.5}),
            SigmoidLayer<3>(bf::Sigmoid{0.7}), TanhLayer<2>(bf::Tanh{1.5}));
  check_mlp("rectifiers", half_squared, In<4>(), Dense<6, bf::Relu>(), Dense<5, bf::LeakyRelu>(),
            LinearLayer<2>());
  check_mlp("smooth_rectifiers", half_squared, In<4>(), Dense<5, bf::Gelu>(), Dense<4, bf::Silu>(),
            Dense<3, bf::Elu>(), Dense<2, bf::Softplus>());
  check_mlp("softmax_hidden", half_squared, In<3>(), SoftmaxLayer<4>(), LinearLayer<2>());
}

TEST_CASE("losses on any activation equal PyTorch's", "[reference]") {
  check_mlp("softmax_squared", bf::HalfSquaredError{}, In<3>(), TanhLayer<4>(), SoftmaxLayer<3>());
  check_mlp("softmax_entropy", bf::CategoricalCrossEntropy{}, In<3>(), TanhLayer<4>(),
            SoftmaxLayer<5>());
  check_mlp("softmax_binary", bf::BinaryCrossEntropy{}, In<3>(), TanhLayer<4>(), SoftmaxLayer<3>());
  check_mlp("sigmoid_entropy", bf::BinaryCrossEntropy{}, In<3>(), TanhLayer<4>(),
            SigmoidLayer<2>(bf::Sigmoid{2}));
  check_mlp("multi_sigmoid_categorical", bf::CategoricalCrossEntropy{}, In<3>(), TanhLayer<4>(),
            SigmoidLayer<3>());
  check_mlp("multi_sigmoid_slope", bf::CategoricalCrossEntropy{}, In<3>(), TanhLayer<4>(),
            SigmoidLayer<3>(bf::Sigmoid{0.7}));
  check_mlp("absolute", bf::AbsoluteError{}, In<3>(), TanhLayer<4>(), LinearLayer<2>());
  check_mlp("log_cosh", bf::LogCosh{}, In<3>(), TanhLayer<4>(), LinearLayer<2>());
  check_mlp("poisson", bf::Poisson{}, In<3>(), TanhLayer<4>(), LinearLayer<2>());
  check_mlp("pinball", bf::Pinball{.quantile = 0.3}, In<3>(), TanhLayer<4>(), LinearLayer<2>());
  check_mlp("quantiles", bf::Quantiles{0.1, 0.5, 0.8}, In<3>(), TanhLayer<4>(), LinearLayer<6>());
  check_mlp("gaussian", bf::GaussianNll{}, In<3>(), TanhLayer<4>(), LinearLayer<6>());
  check_mlp("gaussian_full", bf::GaussianNll{.full = true}, In<3>(), TanhLayer<4>(),
            TanhLayer<2>());
  check_mlp("weighted", bf::BinaryCrossEntropy{}, In<3>(), TanhLayer<4>(), SigmoidLayer<2>());
}
