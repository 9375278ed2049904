// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "backfold/training/batches.hpp"
#include "backfold/training/check_learning.hpp"
#include "backfold/training/fit_options.hpp"
#include "backfold/training/objective.hpp"
#include "backfold/training/stored.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The objective of a training: of one sample or sequence at a time, or of batches. Only the kinds
/// that may be in use are compiled, and only one is constructed.
///
/// @tparam Batch 1 for samples, only_batches for batches, Dynamic for the one that suits options
/// and data
template <class Net, class L, Index Batch>
class ObjectiveInUse {
 public:
  static constexpr bool takes_samples = Batch != only_batches;
  static constexpr bool takes_batches = Batch != 1;

  template <class Data>
  ObjectiveInUse(const Net& net, const L& loss, const Batches<Data, typename Net::Scalar>& batches,
                 const FitOptions& options)
      : online_(is_online(batches, options)),
        by_sample_([&] { return OfSamples(net, loss, batches, options); }, online_),
        by_batch_([&] { return OfBatches(net, loss, batches, options); }, !online_) {}

  /// Calls f(objective) with the objective in use.
  template <class Self, class Function>
  BACKFOLD_ALWAYS_INLINE static decltype(auto) with(Self& self, const Function& f) {
    if constexpr (!takes_batches) {
      return f(*self.by_sample_);
    } else if constexpr (!takes_samples) {
      return f(*self.by_batch_);
    } else {
      return self.online_ ? f(*self.by_sample_) : f(*self.by_batch_);
    }
  }

 private:
  using OfSamples = Objective<Net, L, 1>;
  using OfBatches = Objective<Net, L, Dynamic>;

  /// True if each step takes one column; without delays, a sequence of several steps is a batch.
  template <class B>
  static bool is_online(const B& batches, const FitOptions& options) {
    return options.batch_size == 1 &&
           (!takes_batches ||
            (takes_samples && (Net::Graph::is_recurrent || batches.first().steps == 1)));
  }

  bool online_;
  std::conditional_t<takes_samples, Stored<OfSamples, !takes_batches && is_small<OfSamples>>,
                     NotStored>
      by_sample_;
  std::conditional_t<takes_batches, Stored<OfBatches, false>, NotStored> by_batch_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
