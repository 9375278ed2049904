// SPDX-License-Identifier: MIT
// Layers without weights, or with parameters of their own, against PyTorch's values.
#include "reference_test.hpp"

using namespace reference;
using bf::Activate;
using bf::Add;
using bf::Delayed;
using bf::Dense;
using bf::Direct;
using bf::Embedding;
using bf::From;
using bf::LayerNorm;
using bf::Lookup;
using bf::Lstm;
using bf::MinGru;
using bf::NoBias;
using bf::Residual;

TEST_CASE("layers without weights equal PyTorch's sums", "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_mlp("residual", half_squared, In<3>(), TanhLayer<4>(), LinearLayer<3>(), Residual<3, 0>(),
            LinearLayer<2>());
  check_mlp("added_input", bf::BinaryCrossEntropy{}, In<3>(), TanhLayer<3, Add<0>>(),
            SigmoidLayer<2>());
  check_rnn("added_past", half_squared, In<3>(), TanhLayer<3, Add<1, 1>, Add<0, 2>>(),
            LinearLayer<2>());
  check_rnn("residual_loop", half_squared, In<3>(), TanhLayer<3, Delayed<2>>(), Residual<3, 0>(),
            LinearLayer<2>());
}

TEST_CASE("embeddings equal PyTorch's", "[reference]") {
  const bf::HalfSquaredError half_squared;
  const bf::CategoricalCrossEntropy categorical;
  check_mlp("embedding", categorical, In<1>(), Embedding<4, 6>(), TanhLayer<5>(),
            SoftmaxLayer<6>());
  check_mlp("embedding_tanh", half_squared, In<1>(), TanhLayer<4, Lookup<3>>(), LinearLayer<2>());
  check_rnn("embedding_elman", categorical, In<1>(), Embedding<3, 5>(),
            TanhLayer<4, bf::Recurrent<>>(), SoftmaxLayer<5>());
  check_rnn("lookup_lstm", half_squared, In<1>(), Lstm<3, Lookup<4>>(), LinearLayer<2>());
}

TEST_CASE("layer normalisation equals PyTorch's, in a loop too", "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_mlp("layer_norm", half_squared, In<3>(), LinearLayer<5>(), LayerNorm<5>(),
            Activate<5, bf::Tanh>(), LinearLayer<2>());
  check_rnn("layer_norm_loop", half_squared, In<2>(), LinearLayer<4, Delayed<3>>(), LayerNorm<4>(),
            Activate<4, bf::Tanh>(), LinearLayer<2>());
  check_rnn("layer_norm_lengths", half_squared, In<2>(), TanhLayer<4, Delayed<2>>(), LayerNorm<4>(),
            LinearLayer<2>());
}

TEST_CASE("minimal gated units equal PyTorch's recursion", "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_rnn("min_gru", half_squared, In<2>(), MinGru<4>(), LinearLayer<2>());
  check_rnn("min_gru_stacked", half_squared, In<2>(), MinGru<3>(), MinGru<4, From<0>, NoBias>(),
            TanhLayer<2>());
  check_rnn("min_gru_alone", half_squared, In<3>(), MinGru<2>());
}
