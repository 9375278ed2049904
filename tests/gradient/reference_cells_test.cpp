// SPDX-License-Identifier: MIT
#include "reference_test.hpp"

using namespace reference;
using bf::Delayed;
using bf::From;
using bf::Gru;
using bf::Lstm;
using bf::NoBias;

TEST_CASE("LSTM networks equal PyTorch's", "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_rnn("masked_entropy", bf::BinaryCrossEntropy{}, In<2>(), Lstm<3>(), SigmoidLayer<3>());
  check_rnn("lstm_alone", half_squared, In<3>(), Lstm<4>());
  check_rnn("lstm_stacked", half_squared, In<2>(), Lstm<3>(), Lstm<4>(), LinearLayer<2>());
  check_rnn("lstm_lengths", half_squared, In<2>(), Lstm<3>(), LinearLayer<2>());
  check_rnn("lstm_initial", half_squared, In<2>(), Lstm<3>(), LinearLayer<2>());
  check_rnn("lstm_no_bias", half_squared, In<2>(), Lstm<3, NoBias>(), LinearLayer<2>());
  check_rnn("lstm_back", half_squared, In<2>(), Lstm<3, Delayed<2>>(), TanhLayer<2>());
  check_rnn("lstm_last", bf::BinaryCrossEntropy{}, In<2>(), Lstm<3>(), SigmoidLayer<2>());
}

TEST_CASE("GRU networks equal PyTorch's", "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_rnn("gru_alone", half_squared, In<3>(), Gru<4>());
  check_rnn("gru_skip", half_squared, In<2>(), Gru<3>(), TanhLayer<2, From<0>>());
  check_rnn("gru_between_dense", half_squared, In<2>(), TanhLayer<3>(), Gru<4>(), LinearLayer<2>());
  check_rnn("gru_no_bias", half_squared, In<2>(), Gru<3, NoBias>(), LinearLayer<2>());
  check_rnn("gru_options", half_squared, In<2>(), TanhLayer<4>(), Gru<3, From<0>, Delayed<3, 2>>(),
            TanhLayer<2>());
  check_rnn("gru_lengths", half_squared, In<2>(), Gru<3>(), LinearLayer<2>());
}
