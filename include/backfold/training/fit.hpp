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

/// Trains a network: epochs over the data in a fresh random order each, one step of the optimizer a
/// batch; the last batch is as short as it comes out. Online learning is a batch_size of 1,
/// full-batch learning `full_batch`.
///
///     auto history = bf::fit(net, bf::HalfSquaredError{}, bf::Adam{}, bf::Samples{X, Z},
///                            {.epochs = 100, .batch_size = 16});
///
/// Each call is a training of its own: the optimizer starts anew, without what it remembers and
/// with its first learning rate, and the same order is drawn again from the seed. To go on where
/// the last epochs ended, keep a Trainer:
///
///     bf::Trainer training(net, bf::HalfSquaredError{}, bf::Adam{}, bf::Samples{X, Z});
///     training.run(10);
///     training.run(10);   // the same as 20 epochs at once
///
/// @param data Samples, Sequences or Windows
/// @param hooks called in their order while training runs (hook/hook.hpp): schedules of the
/// learning rate, Validate, StopEarly, KeepBest, your own; a callable gets an EpochReport after
/// each epoch and returns whether to go on (or void)
/// @return the loss of each epoch, and why training ended. Where E or a gradient is not finite, it
/// ends before that step, and the network keeps its last finite parameters (those before the epoch,
/// if steps have overflown the parameters themselves).
/// @throws std::invalid_argument for options, settings or data out of range, and for what could be
/// computed (`loss_of` and `gradient` do) but teaches nothing: targets that the loss cannot mean,
/// weights below 0, Samples for a recurrent network, hidden layers whose parameters were never set
///
/// Takes some 10 to 20 KiB of stack, whatever the network: what is large lies on the heap
/// (docs/training.md).
///
/// Inlined, so that where the batch_size is a constant a compiler can leave out the other kind of
/// training.
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
  const bool one_sample = options.batch_size == 1;  // read before anything is called
  const Data source = data;
  // Without delays, one sample at a time is one column: a sequence of several is a batch of them.
  constexpr bool one_column = Net::Graph::is_recurrent || std::is_same_v<Source, Samples<S>>;
  if (one_sample && (one_column || (source.count() > 0 && Sequences<S>(source[0]).steps == 1))) {
    return detail::run_training<1>(net, loss, optimizer, source, options, hooks...);
  }
  return detail::run_training<detail::only_batches>(net, loss, optimizer, source, options,
                                                    hooks...);
}

BACKFOLD_END_NAMESPACE
