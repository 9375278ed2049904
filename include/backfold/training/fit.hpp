// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/training/trainer.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <Index Batch, class Net, class L, class O, class Source, class... Hooks>
History run_training(Net& net, const L& loss, const O& optimizer, const Source& data,
                     const FitOptions& options, Hooks&... hooks) {
  Trainer<Net, L, O, Source, Batch> training(net, loss, optimizer, data, options);
  return training.run(options.epochs, hooks...);
}

}  // namespace detail

/// Trains a network: in each epoch it goes over the data in a new random order, with one optimizer
/// step per batch; the last batch may be shorter. Use a batch_size of 1 for online learning,
/// `full_batch` for full-batch learning.
///
///     auto history = bf::fit(net, bf::HalfSquaredError{}, bf::Adam{}, bf::Samples{X, Z},
///                            {.epochs = 100, .batch_size = 16});
///
/// Each call is a new training: the optimizer starts with a new state and its initial learning
/// rate, and the random order is drawn again from the seed. To continue after the last epoch, keep
/// a Trainer:
///
///     bf::Trainer training(net, bf::HalfSquaredError{}, bf::Adam{}, bf::Samples{X, Z});
///     training.run(10);
/// training.run(10);   // equals 20 epochs at once
///
/// @param data Samples, Sequences or Windows
/// @param hooks called in their order while training runs (hook/hook.hpp): schedules of the
/// learning rate, Validate, StopEarly, KeepBest, your own; a callable gets an EpochReport after
/// each epoch and returns whether to go on (or void)
/// @return the loss of each epoch, and the reason for the end. If E or a gradient is not finite,
/// training ends before that step, and the network keeps its last finite parameters (from before
/// the epoch, if the parameters themselves have overflowed).
/// @throws std::invalid_argument for options, settings or data out of range, and for input that can
/// be computed (by `loss_of` and `gradient`) but not learned from: targets outside the loss's
/// range, negative weights, Samples for a recurrent network, hidden layers whose parameters were
/// never set
///
/// Takes 10 to 20 KiB of stack, whatever the network: large objects are on the heap
/// (docs/training.md).
///
/// Inlined, so that with a constant batch_size a compiler can omit the other kind of training.
template <class Net, class L, class O, class Source, class... Hooks>
BACKFOLD_ALWAYS_INLINE History fit(Net& net, const L& loss, const O& optimizer, const Source& data,
                                   const FitOptions& options = {}, Hooks&&... hooks) {
  static_assert(!std::is_const_v<Net>,
                "backfold: fit changes the network's parameters: give one that is not const");
  static_assert(Loss<L>,
                "backfold: the second argument of fit is a loss: it needs value(y, z) and "
                "derivative(y, z) on Lanes");
  static_assert(Optimizer<O>,
                "backfold: the third argument of fit is an optimizer: it needs "
                "check(), State and step()");
  using S = typename Net::Scalar;
  using Data = detail::DataOf<Net, Source>;
  static_assert(SequenceSource<Data>,
                "backfold: fit learns from Samples, Sequences or Windows of the network's scalar");
  static_assert(detail::is_of_scalar<Data, S>(),
                "backfold: data must be of the network's scalar (float or double): cast the one to "
                "the other");
  // Read first: only then can g++ fold a literal batch_size and drop the other branch.
  const bool one_sample = options.batch_size == 1;
  const Data source = data;
  // Without delays, a sequence of several steps is a batch, so only single columns are online.
  constexpr bool one_column = Net::Graph::is_recurrent || std::is_same_v<Source, Samples<S>>;
  if (one_sample && (one_column || (source.count() > 0 && Sequences<S>(source[0]).steps == 1))) {
    return detail::run_training<1>(net, loss, optimizer, source, options, hooks...);
  }
  return detail::run_training<detail::only_batches>(net, loss, optimizer, source, options,
                                                    hooks...);
}

BACKFOLD_END_NAMESPACE
