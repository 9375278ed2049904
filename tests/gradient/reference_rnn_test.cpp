// SPDX-License-Identifier: MIT
#include "reference_test.hpp"

using namespace reference;
using bf::Delayed;
using bf::Dense;
using bf::From;
using bf::NoBias;
using bf::Recurrent;
using bf::SelfRecurrent;

TEST_CASE("Elman networks equal PyTorch's", "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_rnn("elman", half_squared, In<3>(), TanhLayer<4, Recurrent<>>(), LinearLayer<2>());
  check_rnn("elman_alone", half_squared, In<3>(), TanhLayer<4, Recurrent<>>());
  check_rnn("elman_relu", half_squared, In<3>(), Dense<4, bf::Relu, Recurrent<>>());
  check_rnn("batch_one", half_squared, In<2>(), TanhLayer<4, Recurrent<>>(), LinearLayer<2>());
  check_rnn("single_unit", half_squared, In<1>(), TanhLayer<1, Recurrent<>>());
  check_rnn("softmax_entropy", bf::CategoricalCrossEntropy{}, In<2>(), TanhLayer<4, Recurrent<>>(),
            SoftmaxLayer<3>());
  check_rnn("one_step", half_squared, In<3>(), TanhLayer<4, Recurrent<>>(), LinearLayer<2>());
  check_rnn("no_bias", half_squared, In<2>(), TanhLayer<4, Recurrent<>, NoBias>(),
            LinearLayer<2, NoBias>());
  check_rnn("slope", half_squared, In<2>(), SigmoidLayer<4, Recurrent<>>(bf::Sigmoid{2}),
            TanhLayer<2>(bf::Tanh{1.5}));
}

TEST_CASE("every kind of delayed connection equals PyTorch's recursion", "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_rnn("jordan", half_squared, In<2>(), TanhLayer<4, Delayed<2>>(), SigmoidLayer<2>());
  check_rnn("diagonal", half_squared, In<2>(), TanhLayer<5, SelfRecurrent<>>(), LinearLayer<2>());
  check_rnn("delay_three", half_squared, In<2>(), TanhLayer<4, Recurrent<3>>(), LinearLayer<1>());
  check_rnn("several_at_once", half_squared, In<2>(),
            TanhLayer<4, Recurrent<>, SelfRecurrent<2>, Delayed<0, 2>, Delayed<2>>(),
            TanhLayer<2>());
  check_rnn("recurrences_and_tap", half_squared, In<2>(),
            TanhLayer<4, Recurrent<>, Recurrent<2>, Delayed<0, 2>>(), LinearLayer<2>());
  check_rnn("diagonal_output", bf::Huber{.threshold = 0.5}, In<2>(), SigmoidLayer<3>(),
            LinearLayer<2, SelfRecurrent<2>, Delayed<0>, NoBias>());
  check_rnn("back_over_two", half_squared, In<2>(), TanhLayer<3, Delayed<3>>(), SigmoidLayer<4>(),
            TanhLayer<2>());
}

TEST_CASE("stacked, recurrent output, skip and recurrence together equal PyTorch's",
          "[reference]") {
  const bf::HalfSquaredError half_squared;
  check_rnn("stacked", half_squared, In<2>(), TanhLayer<4, Recurrent<>>(),
            SigmoidLayer<3, Recurrent<>>(), LinearLayer<2>());
  check_rnn("recurrent_output", half_squared, In<2>(), TanhLayer<3>(), TanhLayer<2, Recurrent<>>());
  check_rnn("recurrent_sigmoid_entropy", bf::BinaryCrossEntropy{}, In<2>(), TanhLayer<3>(),
            SigmoidLayer<2, Recurrent<>>());
  check_rnn("skip_and_recurrence", half_squared, In<3>(), TanhLayer<4, Recurrent<>>(),
            TanhLayer<3, From<0>>(), LinearLayer<2, From<1>, From<0>>());
  check_rnn("skip_onto_recurrent", half_squared, In<2>(), TanhLayer<4, Recurrent<>>(),
            TanhLayer<3, From<0>, Recurrent<>>(), LinearLayer<2, Delayed<3>, From<1>>());
  check_rnn("softmax_recurrent", bf::CategoricalCrossEntropy{}, In<2>(),
            SoftmaxLayer<3, Recurrent<>>(), SoftmaxLayer<4>());
}

TEST_CASE("masks, lengths, last steps, weights and initial states equal PyTorch's", "[reference]") {
  const bf::HalfSquaredError half_squared;
  for (const char* name : {"last_step", "lengths", "lengths_last", "weighted", "weighted_lengths",
                           "weighted_last", "initial_elman_lengths"}) {
    check_rnn(name, half_squared, In<2>(), TanhLayer<4, Recurrent<>>(), LinearLayer<2>());
  }
  check_rnn("masked_targets", half_squared, In<2>(), TanhLayer<4, Recurrent<>>(), LinearLayer<2>());
  check_rnn("masked_last", half_squared, In<2>(), TanhLayer<4, Recurrent<>>(), SoftmaxLayer<3>());
  check_rnn("initial_state", half_squared, In<2>(), TanhLayer<4, Recurrent<>, Recurrent<2>>(),
            LinearLayer<2>());
  check_rnn("initial_everywhere", half_squared, In<2>(), TanhLayer<3, Delayed<0, 2>, Delayed<2>>(),
            SigmoidLayer<2, SelfRecurrent<2>>());
  check_rnn("initial_longer", half_squared, In<2>(), TanhLayer<4, Recurrent<3>>(),
            LinearLayer<2>());
}
