// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/data/data_view.hpp"
#include "backfold/data/target_mask.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Samples with their targets, as views. Samples are columns.
///
///     bf::Samples data{X, Z};              // X features × n, Z outputs × n
///     bf::Samples data{X, Z, weights};     // and n weights: E = Σ_s weight_s E_s
///     data.target_weights = M;             // outputs × n, one for each target: Σ_s Σ_i m_is E_is
///     data.missing = bf::Missing::NaN;     // a target that is NaN has weight 0
///
/// Targets of weight 0 are missing: they are never read. A loss that couples the targets of a
/// sample (CategoricalCrossEntropy after Softmax, a ColumnLoss without `output_of`) needs equal
/// weights for all targets of a column.
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

BACKFOLD_END_NAMESPACE
