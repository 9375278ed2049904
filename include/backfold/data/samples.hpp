// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/array.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// What an Eigen object with samples as columns becomes: pointer, sizes and stride.
/// @throws std::invalid_argument if the numbers of a column do not stand side by side
template <class Derived>
auto columns_of(const Eigen::DenseBase<Derived>& object) {
  static_assert((Derived::Flags & Eigen::DirectAccessBit) != 0,
                "backfold: data are views: give a matrix, a Map or a Block, not an expression");
  constexpr bool is_row = Derived::RowsAtCompileTime == 1;
  static_assert(is_row || Derived::ColsAtCompileTime == 1 || !(Derived::Flags & Eigen::RowMajorBit),
                "backfold: samples are the columns of a column-major matrix; copy a row-major one");
  const Derived& d = object.derived();
  // Eigen holds a matrix that is one row at compile time as row-major.
  const Index stride = is_row ? d.innerStride() : d.outerStride();
  if (d.rows() > 1 && d.innerStride() != 1) {
    fail_argument("data: the numbers of a column stand ", d.innerStride(),
                  " apart; copy the data into a matrix");
  }
  return ConstMatrixView<typename Derived::Scalar>(d.data(), d.rows(), d.cols(), stride);
}

/// The numbers of a view, copied one column after the other into memory that `kept` gets.
template <class S>
BACKFOLD_NO_INLINE ConstMatrixView<S> copied(const ConstMatrixView<S>& view, Array<S>& kept) {
  kept = Array<S>(view.rows() * view.cols());
  for (Index c = 0; c < view.cols(); ++c) {
    copy_numbers(view.column(c), kept.data() + c * view.rows(), view.rows());
  }
  return {kept.data(), view.rows(), view.cols()};
}

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

}  // namespace detail

/// Which steps of a sequence have a target.
enum class TargetsAt {
  EveryStep,  ///< a column of targets for each column of inputs
  LastStep,   ///< a column of targets for each sequence, compared with its last output
};

/// Samples with their targets, as views: what a gradient is taken over. Samples are columns.
///
///     bf::Samples data{X, Z};              // X features × n, Z outputs × n
///     bf::Samples data{X, Z, weights};     // and n weights: E = Σ_s weight_s E_s
///
/// Each may be a matrix, a Map or a Block of a larger one. It copies nothing: they must live as
/// long as it is used.
/// @throws std::invalid_argument if the numbers of a column do not stand side by side in memory
template <Real S>
struct Samples {
  ConstMatrixView<S> inputs;
  ConstMatrixView<S> targets;
  const S* weights = nullptr;  ///< one for each column of the targets; 0 leaves a column out
  Index weight_count = 0;
  Index weight_stride = 1;  ///< from each weight to the next

  template <class X, class Z>
  Samples(const Eigen::DenseBase<X>& x, const Eigen::DenseBase<Z>& z)
      : inputs(detail::columns_of(x)), targets(detail::columns_of(z)) {}

  template <class X, class Z, class W>
  Samples(const Eigen::DenseBase<X>& x, const Eigen::DenseBase<Z>& z, const Eigen::DenseBase<W>& w)
      : Samples(x, z) {
    static_assert(W::IsVectorAtCompileTime && (W::Flags & Eigen::DirectAccessBit) != 0,
                  "backfold: weights are a vector, or a view of one, not an expression");
    weights = w.derived().data();
    weight_count = w.size();
    weight_stride = w.derived().innerStride();
  }

  Samples(ConstMatrixView<S> x, ConstMatrixView<S> z) : inputs(x), targets(z) {}
};

template <class X, class Z>
Samples(const Eigen::DenseBase<X>&, const Eigen::DenseBase<Z>&) -> Samples<typename X::Scalar>;
template <class X, class Z, class W>
Samples(const Eigen::DenseBase<X>&, const Eigen::DenseBase<Z>&, const Eigen::DenseBase<W>&)
    -> Samples<typename X::Scalar>;

/// A batch of sequences of `steps` steps, time-major: column t·batch + b is step t of sequence b.
///
///     bf::Sequences data{X, Z, steps};     // X features × (batch·steps)
///     data.lengths = lengths.data();       // sequences of different lengths, padded behind
///     data.targets_at = bf::TargetsAt::LastStep;   // Z outputs × batch
///
/// Padding changes no result: what stands behind a sequence's end is not looked at.
template <Real S>
struct Sequences : Samples<S> {
  Index steps = 1;
  const Index* lengths = nullptr;  ///< one for each sequence, 1..steps; nullptr: all of `steps`
  TargetsAt targets_at = TargetsAt::EveryStep;

  template <class X, class Z>
  Sequences(const Eigen::DenseBase<X>& x, const Eigen::DenseBase<Z>& z, Index step_count)
      : Samples<S>(x, z), steps(step_count) {}
  template <class X, class Z, class W>
  Sequences(const Eigen::DenseBase<X>& x, const Eigen::DenseBase<Z>& z,
            const Eigen::DenseBase<W>& w, Index step_count)
      : Samples<S>(x, z, w), steps(step_count) {}
  /// Samples are sequences of one step.
  Sequences(const Samples<S>& samples) : Samples<S>(samples) {}  // NOLINT

  Index batch() const {
    if (steps == 1) return this->inputs.cols();  // what online learning asks again and again
    return steps > 0 ? this->inputs.cols() / steps : 0;
  }

  /// The steps of the longest sequence.
  Index longest() const {
    return lengths == nullptr ? steps : *std::max_element(lengths, lengths + batch());
  }

  /// Whether column `c` of the targets has a target: its weight is not 0, its sequence not ended.
  bool has_target(Index c) const {
    if (this->weights != nullptr && this->weights[c * this->weight_stride] == S(0)) return false;
    if (targets_at == TargetsAt::LastStep || lengths == nullptr) return true;
    return c / batch() < lengths[c % batch()];
  }
  /// The columns that have a target.
  Index target_count() const {
    if (this->weights == nullptr && lengths == nullptr) return this->targets.cols();
    Index count = 0;
    for (Index c = 0; c < this->targets.cols(); ++c) count += has_target(c);
    return count;
  }

  /// @throws std::invalid_argument naming the first number that is infinite or NaN, padding and
  /// columns of weight 0 aside
  void check_finite() const {
    const Index n = batch();
    for (Index c = 0; this->weights != nullptr && c < this->weight_count; ++c) {
      const S weight = this->weights[c * this->weight_stride];
      if (!is_finite(weight)) fail_argument("data: weight ", c, " is ", double(weight));
    }
    for (Index c = 0; c < this->inputs.cols(); ++c) {
      if (lengths != nullptr && c / n >= lengths[c % n]) continue;
      detail::check_column("inputs", this->inputs, c);
    }
    for (Index c = 0; c < this->targets.cols(); ++c) {
      if (has_target(c)) detail::check_column("targets", this->targets, c);
    }
  }

  /// For fit: so many sequences.
  Index count() const { return batch(); }

  /// Sequence b alone: a view, its steps a batch apart.
  Sequences operator[](Index b) const {
    const Index n = batch();
    const bool last = targets_at == TargetsAt::LastStep;
    Sequences one(
        Samples<S>(ConstMatrixView<S>(this->inputs.column(b), this->inputs.rows(), steps,
                                      n * this->inputs.outerStride()),
                   ConstMatrixView<S>(this->targets.column(b), this->targets.rows(),
                                      last ? 1 : steps, n * this->targets.outerStride())));
    one.steps = steps;
    one.targets_at = targets_at;
    one.lengths = lengths == nullptr ? nullptr : lengths + b;
    if (this->weights != nullptr) {
      one.weights = this->weights + b * this->weight_stride;
      one.weight_count = one.targets.cols();
      one.weight_stride = n * this->weight_stride;
    }
    return one;
  }
};

template <class X, class Z>
Sequences(const Eigen::DenseBase<X>&, const Eigen::DenseBase<Z>&, Index)
    -> Sequences<typename X::Scalar>;
template <class X, class Z, class W>
Sequences(const Eigen::DenseBase<X>&, const Eigen::DenseBase<Z>&, const Eigen::DenseBase<W>&, Index)
    -> Sequences<typename X::Scalar>;

/// Holds data against a network's numbers of inputs and outputs.
/// @throws std::invalid_argument with what was expected and what came
template <Real S>
void check_data(const Sequences<S>& data, Index inputs, Index outputs) {
  const Index columns = data.inputs.cols();
  if (columns == 0) fail_argument("data: no samples");
  if (data.inputs.rows() != inputs) {
    fail_argument("data: inputs have ", data.inputs.rows(), " rows, the input layer ", inputs,
                  " units");
  }
  if (data.targets.rows() != outputs) {
    fail_argument("data: targets have ", data.targets.rows(), " rows, the output layer ", outputs,
                  " units");
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
  if (data.lengths != nullptr) {
    for (Index b = 0; b < data.batch(); ++b) {
      if (data.lengths[b] < 1 || data.lengths[b] > data.steps) {
        fail_argument("data: length of sequence ", b, " is ", data.lengths[b], ", expected 1 to ",
                      data.steps);
      }
    }
  }
}

BACKFOLD_END_NAMESPACE
