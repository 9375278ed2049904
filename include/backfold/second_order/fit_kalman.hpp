// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "backfold/core/random.hpp"
#include "backfold/gradient/evaluate.hpp"
#include "backfold/gradient/pass_error.hpp"
#include "backfold/loss/half_squared_error.hpp"
#include "backfold/second_order/extended_kalman_filter.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Settings of `fit_kalman`.
struct KalmanFitOptions {
  Index epochs = 1;           ///< passes over the data, >= 0
  bool shuffle = true;        ///< a fresh random order of samples or sequences each epoch
  std::uint64_t seed = 1;     ///< of the random order
  KalmanOptions filter = {};  ///< without a window, it is as long as the sequences

  /// @throws std::invalid_argument for numbers out of range
  void(check)() const {
    if (epochs < 0) fail_argument("fit_kalman: epochs must be >= 0, got ", epochs);
    (filter.check)();
  }
};

/// Result of `fit_kalman`.
struct KalmanResult {
  /// Mean of ½ Σ (z − y)² over the columns with a target, for each epoch. Each error is from before
  /// its own update, so those of an epoch are of different w.
  std::vector<double> errors;
  bool is_finite = true;  ///< false if it ended at an update that was not finite
};

namespace detail {

/// Runs a filter over samples in random order, or over sequences, each in time.
template <class Net>
class KalmanFit {
 public:
  using S = typename Net::Scalar;

  KalmanFit(Net& net, ExtendedKalmanFilter<Net>& filter, const Sequences<S>& data)
      : net_(net),
        filter_(filter),
        data_(data),
        column_weights_(data.inputs.cols()),
        weights_(net.outputs()),
        target_count_(weigh_columns(data, column_weights_.data())) {
    const Index count = Net::Graph::is_recurrent ? data.batch() : data.inputs.cols();
    for (Index i = 0; i < count; ++i) {
      if (Net::Graph::is_recurrent || column_weights_[i] != S(0)) order_.push_back(i);
    }
  }

  KalmanResult run(const KalmanFitOptions& options) {
    KalmanResult result;
    Random random(options.seed);
    for (Index epoch = 0; epoch < options.epochs && result.is_finite; ++epoch) {
      if (options.shuffle) shuffle(random, order_.data(), static_cast<Index>(order_.size()));
      double sum = 0;
      for (const Index i : order_) {
        sum += Net::Graph::is_recurrent ? run_sequence(i) : step(i);
        result.is_finite = backfold::is_finite(sum);
        if (!result.is_finite) break;
      }
      result.errors.push_back(sum / static_cast<double>(target_count_));
    }
    filter_.reset();
    return result;
  }

 private:
  double run_sequence(Index b) {
    const Index batch = data_.batch();
    const Index length = data_.lengths == nullptr ? data_.steps : data_.lengths[b];
    double sum = 0;
    filter_.reset();
    for (Index t = 0; t < length; ++t) {
      const Index c = t * batch + b;
      if (!data_.resets.empty() && data_.resets[c]) filter_.reset();
      sum += step(c);
      if (!backfold::is_finite(sum)) break;
    }
    return sum;
  }

  double step(Index c) {
    const Eigen::Map<const Vector<S>> x(data_.inputs.column(c), data_.inputs.rows());
    const S weight = column_weights_[c];
    if (weight == S(0)) {
      filter_.step(net_, x);
      return 0;
    }
    const Index column = data_.targets_at == TargetsAt::LastStep ? c % data_.batch() : c;
    const Eigen::Map<const Vector<S>> z(data_.targets.column(column), data_.targets.rows());
    const auto mask = data_.mask();
    for (Index i = 0; i < z.size(); ++i) weights_[i] = weight * mask.weight(z[i], i, column);
    return filter_.step(net_, x, z, weights_);
  }

  Net& net_;
  ExtendedKalmanFilter<Net>& filter_;
  const Sequences<S>& data_;
  Vector<S> column_weights_;  ///< of each column of the inputs; 0 without a target
  Vector<S> weights_;         ///< of the targets of a step
  Index target_count_;
  std::vector<Index> order_;
};

template <class Net>
void check_kalman_data(const Net& net, const Sequences<typename Net::Scalar>& data,
                       const KalmanFitOptions& options) {
  (options.check)();
  check_network_and_data<HalfSquaredError>(net, data);
  data.check_finite();
  if (data.initial_states.rows() != 0) {
    fail_argument(
        "fit_kalman: sequences start from zeros or a LearntStart, the data have initial_states");
  }
  if (data.target_count() == 0) fail_argument("fit_kalman: no sample has a target");
}

}  // namespace detail

/// Trains a network by an extended Kalman filter: E = ½ Σ (z − y)² in few epochs, for networks of
/// up to some hundred parameters and any connections. Samples come in random order; sequences too,
/// each in time from a zero state or the LearntStart of that moment, with an update at each target.
///
///     const auto result = bf::fit_kalman(net, bf::Samples(X, Z), {.epochs = 20});
///     bf::fit_kalman(net, filter, data, {.epochs = 1});     // goes on with the P of a filter
///
/// @param data samples or sequences; weights, masks, lengths and resets as in `fit`. A weight
/// divides the measurement noise.
/// @return the error of each epoch; if an update is not finite, w stays as it was before
/// @throws std::invalid_argument for data that do not fit or are not finite, or without a target
template <class Net>
KalmanResult fit_kalman(Net& net, const Sequences<typename Net::Scalar>& data,
                        const KalmanFitOptions& options = {}) {
  detail::check_kalman_data(net, data, options);
  KalmanOptions filter_options = options.filter;
  if (filter_options.window == 0) filter_options.window = data.steps;
  ExtendedKalmanFilter<Net> filter(net, filter_options);
  return detail::KalmanFit<Net>(net, filter, data).run(options);
}

/// With a filter of the caller's, whose P and process noise are carried on; `options.filter` is not
/// used.
template <class Net>
KalmanResult fit_kalman(Net& net, ExtendedKalmanFilter<Net>& filter,
                        const std::type_identity_t<Sequences<typename Net::Scalar>>& data,
                        const KalmanFitOptions& options = {}) {
  detail::check_kalman_data(net, data, options);
  return detail::KalmanFit<Net>(net, filter, data).run(options);
}

/// Refuses a loss: a measurement of variance R has the half squared error.
template <class Net, class L>
KalmanResult fit_kalman(Net&, const L&,
                        const std::type_identity_t<Sequences<typename Net::Scalar>>&,
                        const KalmanFitOptions& = {}) {
  static_assert(!std::is_same_v<L, L>,
                "backfold: fit_kalman takes no loss: a Kalman filter minimises half squared errors "
                "(HalfSquaredError), with any activation of the output layer");
  return {};
}

BACKFOLD_END_NAMESPACE
