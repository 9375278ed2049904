// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <utility>

#include "backfold/data/data_view.hpp"
#include "backfold/data/reset_flags.hpp"
#include "backfold/data/sequences.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Length and spacing of windows over a series.
struct WindowOptions {
  Index length;       ///< steps of a window, >= 1
  Index stride = 1;   ///< steps from the start of a window to that of the next; < length overlaps
  Index horizon = 0;  ///< the target of step t is the series of targets at t + horizon
  Index warm_up = 0;  ///< initial steps of a window without targets
  TargetsAt targets_at = TargetsAt::EveryStep;
  Missing missing = Missing::Nothing;  ///< targets that are missing by their value
  ResetFlags resets{};  ///< steps of the series before which the state is zero or the LearntStart;
                        ///< none if empty
};

/// Windows over a long series, as sequences to train on. They are views; overlaps are not copied.
///
/// Window i begins at step begin + i·stride of the series; its input at step t is the series'
/// column there, its target the target series' column `horizon` steps later. To predict a series
/// from its past, pass it as inputs and targets, with a horizon of 1 or more.
///
///     bf::Windows windows(series, series, {.length = 50, .stride = 10, .horizon = 1});
/// auto [training, validation] = windows.split(0.8);   // no common steps
template <Real S>
class Windows {
 public:
  using Scalar = S;

  /// @param inputs features × steps, @param targets outputs × steps: one series each
  /// @throws std::invalid_argument for options out of range, series of different lengths, series
  /// shorter than a window, or another number of resets than steps
  Windows(detail::DataView<S> inputs, detail::DataView<S> targets, const WindowOptions& options)
      : Windows(inputs, targets, ConstMatrixView<S>(nullptr, 0, 0), options) {}
  /// @param target_weights one for each number of the targets' series, 0 where it is missing
  Windows(detail::DataView<S> inputs, detail::DataView<S> targets,
          detail::DataView<S> target_weights, const WindowOptions& options)
      : Windows(inputs, targets, target_weights, options, 0, inputs.cols()) {}

  // Copied, not moved: a window that had lost its weights would have targets in its warm-up.
  Windows(const Windows&) = default;
  Windows& operator=(const Windows&) = default;

  /// Numbers of sequences and of their steps, and the steps with targets, for fit.
  [[nodiscard]] Index count() const { return (end_ - begin_ - span()) / options_.stride + 1; }
  /// @throws std::invalid_argument naming the first number that is infinite or NaN, among numbers
  /// that a window reads
  void check_finite() const {
    for (Index c = 0; c < target_weights_.cols(); ++c) {
      detail::check_target_weights(target_weights_, c);
    }
    for_each_column(0, options_.length,
                    [&](Index c) { detail::check_column("inputs", inputs_, c); });
    for_each_target(
        [](const ConstMatrixView<S>& z, Index c) { detail::check_column("targets", z, c); });
  }

  /// Calls f(targets, c) for each column c of the targets' series that a window takes as a target,
  /// once, though windows overlap.
  template <class Function>
  void for_each_target(const Function& f) const {
    const Index first =
        options_.targets_at == TargetsAt::LastStep ? options_.length - 1 : options_.warm_up;
    const detail::TargetMask<S> mask{target_weights_, options_.missing};
    const bool is_masked = target_weights_.rows() != 0 || options_.missing != Missing::Nothing;
    for_each_column(options_.horizon + first, options_.horizon + options_.length, [&](Index c) {
      if (!is_masked) {
        f(targets_, c);
      } else if (mask.has_target(targets_, c)) {
        mask.visit(targets_, c, f);
      }
    });
  }

  [[nodiscard]] const WindowOptions& options() const { return options_; }

  /// The step of the series at which window i begins.
  [[nodiscard]] Index start(Index i) const { return begin_ + i * options_.stride; }

  /// Window i, a view that is valid as long as this object.
  /// @throws std::invalid_argument if there is no such window
  Sequences<S> operator[](Index i) const& {
    if (i < 0 || i >= count()) fail_argument("windows: no window ", i, " of ", count());
    const bool last = options_.targets_at == TargetsAt::LastStep;
    const Index target = start(i) + options_.horizon + (last ? options_.length - 1 : 0);
    Sequences<S> window(ConstMatrixView<S>(inputs_.column(start(i)), inputs_.rows(),
                                           options_.length, inputs_.outerStride()),
                        ConstMatrixView<S>(targets_.column(target), targets_.rows(),
                                           last ? 1 : options_.length, targets_.outerStride()),
                        options_.length);
    window.targets_at = options_.targets_at;
    window.missing = options_.missing;
    window.resets = options_.resets.part(start(i), options_.length);
    if (target_weights_.rows() != 0) {
      window.target_weights =
          ConstMatrixView<S>(target_weights_.column(target), window.targets.rows(),
                             window.targets.cols(), target_weights_.outerStride());
    }
    if (weights_.size() > 0) {
      window.weights = weights_.data();
      window.weight_count = weights_.size();
    }
    return window;
  }
  /// @throws std::invalid_argument if the window has lost its weights
  Sequences<S> operator[](Index i) const&& {
    if (weights_.size() > 0) {
      fail_argument(
          "windows: these windows are a temporary that dies before one of them is used; give them "
          "a name");
    }
    return static_cast<const Windows&>(*this)[i];
  }

  /// Windows inside the first `fraction` of the series, and windows inside the rest; no inputs or
  /// targets are in both.
  /// @throws std::invalid_argument if either has no window
  [[nodiscard]] std::pair<Windows, Windows> split(double fraction) const {
    if (!(fraction > 0 && fraction < 1)) {
      fail_argument("windows: the fraction of a split lies between 0 and 1, got ", fraction);
    }
    const Index middle = begin_ + static_cast<Index>(fraction * static_cast<double>(end_ - begin_));
    return {Windows(inputs_, targets_, target_weights_, options_, begin_, middle),
            Windows(inputs_, targets_, target_weights_, options_, middle, end_)};
  }

 private:
  Windows(ConstMatrixView<S> inputs, ConstMatrixView<S> targets, ConstMatrixView<S> target_weights,
          const WindowOptions& options, Index begin, Index end)
      : inputs_(inputs),
        targets_(targets),
        target_weights_(target_weights),
        options_(options),
        begin_(begin),
        end_(end) {
    if (options.length < 1) fail_argument("windows: length must be >= 1, got ", options.length);
    if (options.stride < 1) fail_argument("windows: stride must be >= 1, got ", options.stride);
    if (options.horizon < 0) fail_argument("windows: horizon must be >= 0, got ", options.horizon);
    if (options.warm_up < 0 || options.warm_up >= options.length) {
      fail_argument("windows: warm_up must lie between 0 and the length ", options.length, ", got ",
                    options.warm_up);
    }
    if (inputs.cols() != targets.cols()) {
      fail_argument("windows: the inputs have ", inputs.cols(), " steps, the targets ",
                    targets.cols());
    }
    if (target_weights.rows() != 0 &&
        (target_weights.rows() != targets.rows() || target_weights.cols() != targets.cols())) {
      fail_argument("windows: expected ", targets.rows(), " x ", targets.cols(),
                    " target_weights, one for each target, got ", target_weights.rows(), " x ",
                    target_weights.cols());
    }
    detail::check_reset_count("windows", options.resets, inputs.cols());
    // Avoids length + horizon, which overflows for an excessive horizon.
    if (options.horizon > end - begin || options.length > end - begin - options.horizon) {
      fail_argument("windows: a window of ", options.length, " steps and a horizon of ",
                    options.horizon, " reach past the end of ", end - begin, " steps");
    }
    if (options.warm_up > 0 && options.targets_at == TargetsAt::EveryStep) {
      weights_.resize(options.length);
      for (Index t = 0; t < options.length; ++t) weights_[t] = t < options.warm_up ? S(0) : S(1);
    }
  }

  /// Calls f(c) for the columns from `from` to before `to` of each window, once.
  template <class Function>
  void for_each_column(Index from, Index to, const Function& f) const {
    Index seen = 0;
    for (Index i = 0; i < count(); ++i) {
      for (Index c = (std::max)(seen, start(i) + from); c < start(i) + to; ++c) f(c);
      seen = start(i) + to;
    }
  }

  [[nodiscard]] Index span() const { return options_.length + options_.horizon; }

  ConstMatrixView<S> inputs_, targets_, target_weights_;
  WindowOptions options_;
  Index begin_, end_;
  Vector<S> weights_;  // of the steps of a window, with 0 for the warm-up
};

template <class X, class Z>
Windows(X&&, Z&&, const WindowOptions&) -> Windows<typename detail::ScalarOfViews<X, Z>::Type>;
template <class X, class Z, class M>
Windows(X&&, Z&&, M&&, const WindowOptions&)
    -> Windows<typename detail::ScalarOfViews<X, Z, M>::Type>;

BACKFOLD_END_NAMESPACE
