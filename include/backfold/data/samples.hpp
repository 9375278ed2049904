// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <type_traits>

#include "backfold/core/array.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"
#include "backfold/data/reset_flags.hpp"
#include "backfold/data/target_mask.hpp"
#include "backfold/data/temporary.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// View of an Eigen object with samples as columns: pointer, sizes and stride.
/// @throws std::invalid_argument if a column is not contiguous
template <class Derived>
auto columns_of(const Eigen::DenseBase<Derived>& object) {
  static_assert((Derived::Flags & Eigen::DirectAccessBit) != 0,
                "backfold: data are views: give a matrix, a Map or a Block, not an expression");
  constexpr bool is_row = Derived::RowsAtCompileTime == 1;
  static_assert(is_row || Derived::ColsAtCompileTime == 1 || !(Derived::Flags & Eigen::RowMajorBit),
                "backfold: samples are the columns of a column-major matrix; copy a row-major one");
  const Derived& d = object.derived();
  // Eigen stores a matrix with one static row as row-major.
  const Index stride = is_row ? d.innerStride() : d.outerStride();
  if (d.rows() > 1 && d.innerStride() != 1) {
    fail_argument("data: the numbers of a column stand ", d.innerStride(),
                  " apart; copy the data into a matrix");
  }
  return ConstMatrixView<typename Derived::Scalar>(d.data(), d.rows(), d.cols(), stride);
}

/// Copies a view, column by column, into memory that `kept` owns.
template <class S>
BACKFOLD_NO_INLINE ConstMatrixView<S> copied(const ConstMatrixView<S>& view, Array<S>& kept) {
  kept = Array<S>(view.rows() * view.cols());
  for (Index c = 0; c < view.cols(); ++c) {
    copy_numbers(view.column(c), kept.data() + c * view.rows(), view.rows());
  }
  return {kept.data(), view.rows(), view.cols()};
}

/// Scalar of a view, from the argument of its constructor.
template <class X, class Z, class... Weights>
struct ScalarOfViews {
  using Type = typename std::remove_cvref_t<X>::Scalar;
  static constexpr bool outlive_the_view = !TemporaryMatrix<X> && !TemporaryMatrix<Z> &&
                                           !(TemporaryMatrix<Weights> || ...) &&
                                           !(TemporaryRange<Weights> || ...);
  static_assert(outlive_the_view,
                "backfold: data are views: this temporary matrix dies before it is used; give it a "
                "name");
  static_assert(std::is_same_v<Type, typename std::remove_cvref_t<Z>::Scalar>,
                "backfold: inputs and targets are of different scalars (float and double): cast "
                "the one to the other, as in Z.cast<float>().eval()");
};

/// Inputs or targets from a caller: any matrix, Map or Block that outlives the view.
template <Real S>
struct DataView : ConstMatrixView<S> {
  DataView(const ConstMatrixView<S>& view) : ConstMatrixView<S>(view) {}  // NOLINT: a view is one
  template <EigenObject X>
  requires(!TemporaryMatrix<X>) DataView(X&& x)
      : ConstMatrixView<S>(view_of(x)) {}  // NOLINT: a view is made in passing
  template <TemporaryMatrix X, class Reason = TemporaryDiesBeforeItsViewIsUsed>
  DataView(X&&) = delete;

 private:
  template <class X>
  static ConstMatrixView<S> view_of(const X& x) {
    static_assert(std::is_same_v<typename X::Scalar, S>,
                  "backfold: the data are of another scalar than their view (float and double): "
                  "cast the one to the other");
    if constexpr (std::is_same_v<typename X::Scalar, S>) {
      return columns_of(x);
    } else {
      return {nullptr, 0, 0};
    }
  }
};

/// Weights from a caller: an Eigen vector or a view of one, a std::vector, a std::span.
template <Real S>
struct WeightsView {
  const S* data = nullptr;
  Index count = 0;
  Index stride = 1;

  template <EigenObject W>
  requires(!TemporaryMatrix<W>) WeightsView(W&& w) {  // NOLINT: a view is made in passing
    using Type = std::remove_cvref_t<W>;
    static_assert(Type::IsVectorAtCompileTime && (Type::Flags & Eigen::DirectAccessBit) != 0,
                  "backfold: weights are a vector, or a view of one, not an expression");
    set(w, w.innerStride());
  }
  template <NumberRange W>
  requires(!TemporaryRange<W>) WeightsView(W&& w) {  // NOLINT: a view is made in passing
    set(w, 1);
  }
  template <TemporaryMatrix W, class Reason = TemporaryDiesBeforeItsViewIsUsed>
  WeightsView(W&&) = delete;
  template <TemporaryRange W, class Reason = TemporaryDiesBeforeItsViewIsUsed>
  WeightsView(W&&) = delete;

 private:
  template <class W>
  void set(const W& w, Index step) {
    constexpr bool same =
        std::is_same_v<decltype(w.data()), const S*> || std::is_same_v<decltype(w.data()), S*>;
    static_assert(same,
                  "backfold: weights are of another scalar than the data (float and double): cast "
                  "the one to the other");
    if constexpr (same) data = w.data();
    count = static_cast<Index>(w.size());
    stride = step;
  }
};

/// @throws std::invalid_argument if column c has a number that is not finite
template <Real S>
void check_column(const char* what, const ConstMatrixView<S>& data, Index c) {
  if (all_finite(data.column(c), data.rows())) return;
  for (Index i = 0; i < data.rows(); ++i) {
    if (!is_finite(data(i, c))) {
      fail_argument("data: ", what, " hold a number that is not finite at row ", i, ", column ", c);
    }
  }
}

/// @throws std::invalid_argument naming the first of a column's target_weights that is below 0 or
/// not finite
template <Real S>
void check_target_weights(const ConstMatrixView<S>& weights, Index c) {
  check_column("target_weights", weights, c);
  for (Index i = 0; i < weights.rows(); ++i) {
    if (weights(i, c) < S(0)) {
      fail_argument("data: the target_weight at row ", i, ", column ", c, " is ",
                    double(weights(i, c)), ", expected >= 0");
    }
  }
}

}  // namespace detail

/// Steps of a sequence that have a target.
enum class TargetsAt {
  EveryStep,  ///< a column of targets for each column of inputs
  LastStep,   ///< a column of targets for each sequence, compared with its last output
};

/// Samples with their targets, as views. Samples are columns.
///
///     bf::Samples data{X, Z};              // X features × n, Z outputs × n
///     bf::Samples data{X, Z, weights};     // and n weights: E = Σ_s weight_s E_s
///     data.target_weights = M;             // outputs × n, one for each target: Σ_s Σ_i m_is E_is
///     data.missing = bf::Missing::NaN;     // a target that is NaN has weight 0
///
/// Targets of weight 0 are missing: they are never read. A loss that couples the outputs of a
/// sample (CategoricalCrossEntropy after Softmax, a ColumnLoss) needs equal weights for all targets
/// of a column.
///
/// Each may be a matrix, a Map or a Block of a larger one; the weights also a std::vector or
/// std::span. Nothing is copied, so all must outlive the Samples. Temporary matrices are refused,
/// even if `Samples` itself is a temporary.
/// @throws std::invalid_argument if a column is not contiguous in memory
template <Real S>
struct Samples {
  using Scalar = S;

  ConstMatrixView<S> inputs;
  ConstMatrixView<S> targets;
  const S* weights = nullptr;  ///< one for each column of the targets; 0 leaves a column out
  Index weight_count = 0;
  Index weight_stride = 1;  ///< distance from each weight to the next
  /// One for each target; without rows, all are 1.
  detail::DataView<S> target_weights{ConstMatrixView<S>(nullptr, 0, 0)};
  Missing missing = Missing::Nothing;  ///< values of targets that count as missing

  Samples(detail::DataView<S> x, detail::DataView<S> z) : inputs(x), targets(z) {}
  Samples(detail::DataView<S> x, detail::DataView<S> z, detail::WeightsView<S> w)
      : inputs(x), targets(z), weights(w.data), weight_count(w.count), weight_stride(w.stride) {}

  /// True if single targets may be missing.
  [[nodiscard]] bool is_masked() const {
    return target_weights.rows() != 0 || missing != Missing::Nothing;
  }
  [[nodiscard]] detail::TargetMask<S> mask() const { return {target_weights, missing}; }
};

template <class X, class Z, class... W>
Samples(X&&, Z&&, W&&...) -> Samples<typename detail::ScalarOfViews<X, Z, W...>::Type>;

/// A batch of sequences of `steps` steps, time-major: column t·batch + b is step t of sequence b.
///
///     bf::Sequences data{X, Z, steps};     // X features × (batch·steps)
///     data.lengths = lengths.data();       // sequences of different lengths, padded at the end
///     data.targets_at = bf::TargetsAt::LastStep;   // Z outputs × batch
///     data.initial_states = M;             // column b: `State::values()` before sequence b
///     data.resets = flags;                 // before which steps the state is its start again
///
/// Padding does not affect results: values past the end of a sequence are never read. A sequence of
/// length 0 has no step: it adds nothing, and its state does not change.
template <Real S>
struct Sequences : Samples<S> {
  Index steps = 1;
  const Index* lengths = nullptr;  ///< one for each sequence, 0..steps; nullptr: all of `steps`
  TargetsAt targets_at = TargetsAt::EveryStep;
  /// The state before the first step of each sequence, a column with the `State::size()` numbers of
  /// a batch of one. Without rows: the network's LearntStart, or zero.
  detail::DataView<S> initial_states{ConstMatrixView<S>(nullptr, 0, 0)};
  /// One for each column of the inputs: true where the state before that step is zero, so that
  /// neither outputs nor gradients pass from the steps before to it. Empty: no resets.
  ResetFlags resets{};

  Sequences(detail::DataView<S> x, detail::DataView<S> z, Index step_count)
      : Samples<S>(x, z), steps(step_count) {}
  Sequences(detail::DataView<S> x, detail::DataView<S> z, detail::WeightsView<S> w,
            Index step_count)
      : Samples<S>(x, z, w), steps(step_count) {}
  /// Samples are sequences of one step, for networks without delays. Networks with delays refuse
  /// Samples; use `Sequences(X, Z, 1)` if you mean a batch of sequences of one step.
  Sequences(const Samples<S>& samples) : Samples<S>(samples), from_samples_(true) {}  // NOLINT
  template <Real Other>
  requires(!std::is_same_v<Other, S>) Sequences(const Samples<Other>& samples)  // NOLINT
      : Samples<S>(ConstMatrixView<S>(nullptr, 0, 0), ConstMatrixView<S>(nullptr, 0, 0)) {
    static_assert(std::is_same_v<Other, S>,
                  "backfold: data must be of the network's scalar (float or double): cast the one "
                  "to the other");
    (void)samples;
  }

  /// True if these were made from Samples, not explicitly as sequences.
  [[nodiscard]] bool are_samples() const { return from_samples_ && steps == 1; }

  [[nodiscard]] Index batch() const {
    if (steps == 1) return this->inputs.cols();  // online learning calls this often
    return steps > 0 ? this->inputs.cols() / steps : 0;
  }

  /// Number of steps of the longest sequence.
  [[nodiscard]] Index longest() const {
    return lengths == nullptr ? steps : *std::max_element(lengths, lengths + batch());
  }

  /// True if column `c` of the targets has a target: its weight is not 0, its sequence not ended,
  /// and not all of its targets are missing.
  [[nodiscard]] bool has_target(Index c) const {
    if (lengths != nullptr && !is_before_end(c)) return false;
    if (this->weights != nullptr && this->weights[c * this->weight_stride] == S(0)) return false;
    return !this->is_masked() || this->mask().has_target(this->targets, c);
  }
  /// Number of columns with a target.
  [[nodiscard]] Index target_count() const {
    if (this->weights == nullptr && lengths == nullptr && !this->is_masked()) {
      return this->targets.cols();
    }
    Index count = 0;
    for (Index c = 0; c < this->targets.cols(); ++c) count += has_target(c);
    return count;
  }

  /// Calls f(targets, c) for each column c with a target; missing targets in it are replaced by one
  /// that is not missing.
  template <class Function>
  void for_each_target(const Function& f) const {
    for (Index c = 0; c < this->targets.cols(); ++c) {
      if (!has_target(c)) continue;
      if (this->is_masked()) {
        this->mask().visit(this->targets, c, f);
      } else {
        f(this->targets, c);
      }
    }
  }

  /// @throws std::invalid_argument naming the first number that is infinite or NaN (except padding
  /// and targets of weight 0), or the first negative weight
  void check_finite() const {
    const Index n = batch();
    for (Index c = 0; c < this->targets.cols(); ++c) {
      if (lengths != nullptr && !is_before_end(c)) continue;
      if (this->weights != nullptr) check_weight(c);
      if (this->target_weights.rows() != 0) {
        detail::check_target_weights<S>(this->target_weights, c);
      }
    }
    for (Index c = 0; c < this->inputs.cols(); ++c) {
      if (lengths != nullptr && c / n >= lengths[c % n]) continue;
      detail::check_column("inputs", this->inputs, c);
    }
    for (Index b = 0; b < initial_states.cols(); ++b) {
      detail::check_column<S>("initial_states", initial_states, b);
    }
    for_each_target(
        [](const ConstMatrixView<S>& z, Index c) { detail::check_column("targets", z, c); });
  }

  /// For fit: the number of sequences.
  [[nodiscard]] Index count() const { return batch(); }

  /// Sequence b: a view, whose steps are `batch` columns apart.
  Sequences operator[](Index b) const {
    const Index n = batch();
    const bool last = targets_at == TargetsAt::LastStep;
    Sequences one(ConstMatrixView<S>(this->inputs.column(b), this->inputs.rows(), steps,
                                     n * this->inputs.outerStride()),
                  ConstMatrixView<S>(this->targets.column(b), this->targets.rows(),
                                     last ? 1 : steps, n * this->targets.outerStride()),
                  steps);
    one.from_samples_ = from_samples_;
    one.targets_at = targets_at;
    one.lengths = lengths == nullptr ? nullptr : lengths + b;
    if (this->weights != nullptr) {
      one.weights = this->weights + b * this->weight_stride;
      one.weight_count = one.targets.cols();
      one.weight_stride = n * this->weight_stride;
    }
    if (this->target_weights.rows() != 0) {
      one.target_weights =
          ConstMatrixView<S>(this->target_weights.column(b), one.targets.rows(), one.targets.cols(),
                             n * this->target_weights.outerStride());
    }
    one.missing = this->missing;
    if (initial_states.rows() != 0) {
      one.initial_states = ConstMatrixView<S>(initial_states.column(b), initial_states.rows(), 1);
    }
    one.resets = resets.part(b, steps, n);
    return one;
  }

 private:
  void check_weight(Index c) const {
    const S weight = this->weights[c * this->weight_stride];
    if (!is_finite(weight)) fail_argument("data: weight ", c, " is ", double(weight));
    if (weight < S(0)) {
      fail_argument("data: weight ", c, " is ", double(weight), ", expected >= 0");
    }
  }

  [[nodiscard]] bool is_before_end(Index c) const {
    if (targets_at == TargetsAt::LastStep) return lengths[c] > 0;
    return c / batch() < lengths[c % batch()];
  }

  bool from_samples_ = false;
};

template <class X, class Z>
Sequences(X&&, Z&&, Index) -> Sequences<typename detail::ScalarOfViews<X, Z>::Type>;
template <class X, class Z, class W>
Sequences(X&&, Z&&, W&&, Index) -> Sequences<typename detail::ScalarOfViews<X, Z, W>::Type>;

namespace detail {

/// Checks the sizes of data for a network with these numbers of inputs and outputs, and a loss with
/// `outputs_per_target` outputs for each target.
/// @throws std::invalid_argument with what was expected and what came
template <Real S>
void check_data(const Sequences<S>& data, Index inputs, Index outputs,
                Index outputs_per_target = 1) {
  const Index columns = data.inputs.cols();
  if (columns == 0) fail_argument("data: no samples");
  if (data.inputs.rows() != inputs) {
    fail_argument("data: inputs have ", data.inputs.rows(), " rows, the input layer ", inputs,
                  " units");
  }
  if (outputs_per_target == 1 && data.targets.rows() != outputs) {
    fail_argument("data: targets have ", data.targets.rows(), " rows, the output layer ", outputs,
                  " units");
  }
  if (data.targets.rows() * outputs_per_target != outputs) {
    fail_argument("data: the loss takes ", outputs_per_target,
                  " outputs for each target; targets "
                  "have ",
                  data.targets.rows(), " rows, the output layer ", outputs, " units");
  }
  if (data.steps < 1) fail_argument("data: a sequence needs at least one step, got ", data.steps);
  if (columns % data.steps != 0) {
    fail_argument("data: ", columns, " columns of inputs are no whole number of sequences of ",
                  data.steps, " steps");
  }
  const Index expected = data.targets_at == TargetsAt::EveryStep ? columns : columns / data.steps;
  if (data.targets.cols() != expected) {
    fail_argument("data: expected ", expected, " columns of targets for ", columns,
                  " columns of inputs, got ", data.targets.cols());
  }
  if (data.weights != nullptr && data.weight_count != expected) {
    fail_argument("data: expected ", expected, " weights, one for each column of targets, got ",
                  data.weight_count);
  }
  const Index weight_rows = data.target_weights.rows();
  if (weight_rows != 0 &&
      (weight_rows != data.targets.rows() || data.target_weights.cols() != expected)) {
    fail_argument("data: expected ", data.targets.rows(), " x ", expected,
                  " target_weights, one for each target, got ", weight_rows, " x ",
                  data.target_weights.cols());
  }
  if (data.initial_states.rows() != 0 && data.initial_states.cols() != data.batch()) {
    fail_argument("data: expected ", data.batch(),
                  " columns of initial_states, one for each sequence, got ",
                  data.initial_states.cols());
  }
  check_reset_count("data", data.resets, columns);
  if (data.lengths != nullptr) {
    for (Index b = 0; b < data.batch(); ++b) {
      if (data.lengths[b] < 0 || data.lengths[b] > data.steps) {
        fail_argument("data: length of sequence ", b, " is ", data.lengths[b], ", expected 0 to ",
                      data.steps);
      }
    }
  }
}

/// @throws std::invalid_argument for Samples with a network that has delays: without a past, its
/// delayed connections would not learn
template <class Net, Real S>
void check_sequences(const Sequences<S>& data) {
  if (Net::Graph::is_recurrent && data.are_samples()) {
    fail_argument(
        "data: a recurrent network learns from Sequences(X, Z, steps) or Windows, not from "
        "Samples; a batch of sequences of one step is Sequences(X, Z, 1)");
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
