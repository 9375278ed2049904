// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/denormals.hpp"
#include "backfold/training/history.hpp"
#include "backfold/training/training.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Goes on after every epoch.
struct GoOn {
  bool operator()(const EpochReport&) const { return true; }
};

template <class Callback>
bool goes_on(Callback& callback, const EpochReport& report) {
  if constexpr (std::is_void_v<decltype(callback(report))>) {
    callback(report);
    return true;
  } else {
    return callback(report);
  }
}

template <Index Batch, class Net, class L, class O, class Source, class Callback>
History run_training(Net& net, const L& loss, const O& optimizer, const Source& data,
                     const FitOptions& options, Callback& callback) {
  Training<Net, L, O, Source, Batch> training(net, loss, optimizer, data, options);
  History history;
  // So many epochs may be no more than a bound, where the callback is to stop.
  history.losses.reserve(static_cast<std::size_t>((std::min)(options.epochs, Index{1} << 16)));
  const FlushDenormals flush(options.flush_denormals);
  for (Index epoch = 1; epoch <= options.epochs; ++epoch) {
    history.epoch = epoch;
    if constexpr (requires { optimizer.learning_rate; }) {
      const double steps = options.epochs > 1 ? double(options.epochs - 1) : 1;
      const double passed = double(epoch - 1) / steps;
      const double left = options.epochs > 1 ? double(options.epochs - epoch) / steps : 1;
      training.optimizer().learning_rate =
          optimizer.learning_rate * (left + passed * options.final_rate);
    } else if (options.final_rate != 1) {
      fail_argument("fit: final_rate is for optimizers with a learning_rate");
    }
    const double loss_of_epoch = training.run_epoch();
    if (!is_finite(loss_of_epoch)) {
      history.status = TrainingStatus::NonFinite;
      history.step = training.failed_step();
      return history;
    }
    history.losses.push_back(loss_of_epoch);
    if (!goes_on(callback, EpochReport{epoch, loss_of_epoch, training.samples()})) {
      history.status = TrainingStatus::Stopped;
      return history;
    }
  }
  return history;
}

}  // namespace detail

/// Trains a network: epochs over the data in a fresh random order each, one step of the optimizer a
/// batch; the last batch is as short as it comes out. Online learning is a batch_size of 1,
/// full-batch learning `full_batch`.
///
///     auto history = bf::fit(net, bf::HalfSquaredError{}, bf::Adam{}, bf::Samples{X, Z},
///                            {.epochs = 100, .batch_size = 16});
///
/// @param data Samples, Sequences or Windows
/// @param callback called with an EpochReport after each epoch; returns whether to go on (or void)
/// @return the loss of each epoch, and why training ended. Where E or a gradient is not finite, it
/// ends before that step, and the network keeps its last finite parameters (those before the epoch,
/// if steps have overflown the parameters themselves).
/// @throws std::invalid_argument for options, settings or data out of range, and for what could be
/// computed (`error` and `gradient` do) but teaches nothing: targets that the loss cannot mean,
/// weights below 0, Samples for a recurrent network, hidden layers whose parameters were never set
///
/// Inlined, so that where the batch_size is a constant a compiler can leave out the other kind of
/// training.
template <class Net, class L, class O, class Source, class Callback = detail::GoOn>
BACKFOLD_ALWAYS_INLINE History fit(Net& net, const L& loss, const O& optimizer, const Source& data,
                                   const FitOptions& options = {}, Callback&& callback = {}) {
  static_assert(!std::is_const_v<Net>,
                "backfold: fit changes the network's parameters: give one that is not const");
  static_assert(Loss<L>,
                "backfold: the second argument of fit is a loss: it needs value(y, z) and "
                "derivative(y, z) on Lanes");
  static_assert(Optimizer<O>,
                "backfold: the third argument of fit is an optimizer: it needs "
                "check(), State and step()");
  using S = typename Net::Scalar;
  using Data =
      std::conditional_t<std::is_convertible_v<Source, Sequences<S>>, Sequences<S>, Source>;
  static_assert(SequenceSource<Data>,
                "backfold: fit learns from Samples, Sequences or Windows of the network's scalar");
  static_assert(
      std::is_base_of_v<Samples<S>,
                        std::remove_cvref_t<decltype(std::declval<const Data&>()[Index{0}])>> ||
          std::is_same_v<Data, Sequences<S>>,
      "backfold: data must be of the network's scalar (float or double): cast the one to "
      "the other");
  const bool one_sample = options.batch_size == 1;  // read before anything is called
  const Data source = data;
  if constexpr (std::is_same_v<Data, Sequences<S>>) {
    check_data(source, net.inputs(), net.outputs());
  }
  source.check_finite();
  if constexpr (std::is_same_v<Data, Sequences<S>>) {
    if (source.target_count() == 0) fail_argument("data: all weights are 0");
  }
  // Without delays, one sample at a time is one column: a sequence of several is a batch of them.
  constexpr bool one_column = Net::Graph::is_recurrent || std::is_same_v<Source, Samples<S>>;
  if (one_sample && (one_column || source[0].steps == 1)) {
    return detail::run_training<1>(net, loss, optimizer, source, options, callback);
  }
  return detail::run_training<Dynamic>(net, loss, optimizer, source, options, callback);
}

BACKFOLD_END_NAMESPACE
