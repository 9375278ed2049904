// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/network/pass.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Forward-mode differentiation of the step of a layer L that fuses no activation:
///
///     ∂x = J_net ∂net + J_before ∂x_before + J_memory ∂memory_before + J_own v_own
///
/// and the memory likewise. The Jacobians come from the layer's pull-back of unit vectors: one
/// pull-back for all units if units are independent (the Jacobian is diagonal), else one row for
/// each unit.
template <class P, int L>
class StepTangent {
 public:
  using S = typename P::S;
  using Arch = typename P::Arch;
  using Type = typename P::template LayerType<L>;

  /// Size of the scratch for `columns` columns.
  static Size scratch_size(const Arch& architecture, Size columns) {
    const Index rows = (net_gates<Type>() + 3) * architecture.template units<L>();
    return Size(rows) * columns + architecture.template own_count<L>();
  }

  /// @param tangent a pass with the tangents of `pass`; the tangents of net and of the step before
  /// are set
  /// @param v direction in w, or null for none
  StepTangent(const P& pass, const P& tangent, const S* v, S* scratch)
      : pass_(pass),
        tangent_(tangent),
        scratch_(scratch),
        units_(pass.template units<L>()),
        rows_(net_gates<Type>() * units_),
        own_(pass.architecture().template own_count<L>()),
        v_own_(v == nullptr ? nullptr : v + pass.architecture().template own_offset<L>()) {}

  /// Sets the tangents of the output and the memory in `columns` columns from block t on.
  void run(Index t, Index columns) const {
    // A pull-back sums ∂E/∂own over its columns, so columns are processed one by one if v_own is
    // needed.
    const bool moves_own = own_ > 0 && v_own_ != nullptr;
    const Index at_once = moves_own ? 1 : columns;
    for (Index c = 0; c < columns; c += at_once) {
      const Columns at = columns_at(t, c, at_once);
      differentiate<false>(at, tangent_.template own_output<L>(t) + c * units_);
      if constexpr (has_memory<Type>()) {
        differentiate<true>(at, tangent_.template memory<L>(t) + c * units_);
      }
    }
  }

 private:
  static constexpr bool is_diagonal = units_are_independent<Type>;
  static constexpr bool has_before = P::Graph::feeds_itself(L);

  /// Some columns of a step: a pull-back in the scratch, and the tangents that its results
  /// multiply.
  struct Columns {
    LayerPullBack<S> back;
    const S* primal_net = nullptr;
    S* d_output = nullptr;
    const S* net = nullptr;  ///< a tangent, like the next ones
    const S* output_before = nullptr;
    const S* memory_before = nullptr;
  };

  [[nodiscard]] Columns columns_at(Index t, Index first, Index n) const {
    const Index skipped = first * units_;
    auto skip = [&](auto* numbers) { return numbers == nullptr ? nullptr : numbers + skipped; };
    Columns at{pass_.template layer_pull_back<L>(t, n, scratch_)};
    LayerPullBack<S>& back = at.back;
    at.primal_net = back.net + first * rows_;
    at.net = tangent_.template net<L>(t) + first * rows_;
    at.output_before = skip(tangent_.template previous_output<L>(t));
    at.memory_before = skip(tangent_.template memory_or_null<L>(t - 1));
    back.output = skip(back.output);
    back.output_before = skip(back.output_before);
    back.memory = skip(back.memory);
    back.memory_before = skip(back.memory_before);
    back.net = scratch_;
    back.d_output = at.d_output = back.net + rows_ * n;
    S* const d_before = at.d_output + units_ * n;
    S* const d_memory = d_before + units_ * n;
    back.d_output_before = has_before ? d_before : nullptr;
    back.d_memory = has_memory<Type>() ? d_memory : nullptr;
    back.d_own = d_memory + units_ * n;
    return at;
  }

  /// to ← ∂output, or ∂memory.
  template <bool OfMemory>
  void differentiate(const Columns& at, S* to) const {
    for (Index j = 0; j < (is_diagonal ? 1 : units_); ++j) {
      pull_back<OfMemory>(at, j);
      for (Index c = 0; c < at.back.n; ++c) {
        S* const column = to + c * units_;
        if constexpr (is_diagonal) {
          for (Index i = 0; i < units_; ++i) column[i] = of_unit(at, c, i);
        } else {
          column[j] = of_row(at, c);
        }
      }
    }
  }

  /// The pull-back of unit vector j, or of ones for a diagonal Jacobian.
  template <bool OfMemory>
  void pull_back(const Columns& at, Index j) const {
    const LayerPullBack<S>& back = at.back;
    copy_numbers(at.primal_net, back.net, rows_ * back.n);
    for (Index i = 0; i < units_ * back.n; ++i) {
      const bool asked = is_diagonal || i % units_ == j;
      at.d_output[i] = S(asked && !OfMemory);
      if constexpr (has_memory<Type>()) back.d_memory[i] = S(asked && OfMemory);
      if constexpr (has_before) back.d_output_before[i] = S(0);
    }
    for (Index q = 0; q < own_; ++q) back.d_own[q] = S(0);
    run_pull_back(pass_.architecture().template layer<L>(), back);
  }

  /// Entry i of column c, for a diagonal Jacobian.
  [[nodiscard]] S of_unit(const Columns& at, Index c, Index i) const {
    const Index k = c * units_ + i;
    S sum(0);
    for (Index row = i; row < rows_; row += units_) {
      sum += at.back.net[c * rows_ + row] * at.net[c * rows_ + row];
    }
    if constexpr (has_before) sum += at.back.d_output_before[k] * at.output_before[k];
    if constexpr (has_memory<Type>()) sum += at.back.d_memory[k] * at.memory_before[k];
    for (Index q = i; v_own_ != nullptr && q < own_; q += units_) {
      sum += at.back.d_own[q] * v_own_[q];
    }
    return sum;
  }

  /// Entry of column c from one row of a full Jacobian.
  [[nodiscard]] S of_row(const Columns& at, Index c) const {
    auto dot = [](const S* a, const S* b, Index n) {
      S sum(0);
      for (Index i = 0; i < n; ++i) sum += a[i] * b[i];
      return sum;
    };
    const Index k = c * units_;
    S sum = dot(at.back.net + c * rows_, at.net + c * rows_, rows_);
    if constexpr (has_before) sum += dot(at.back.d_output_before + k, at.output_before + k, units_);
    if constexpr (has_memory<Type>())
      sum += dot(at.back.d_memory + k, at.memory_before + k, units_);
    if (v_own_ != nullptr) sum += dot(at.back.d_own, v_own_, own_);
    return sum;
  }

  const P& pass_;
  const P& tangent_;
  S* scratch_;
  Index units_, rows_, own_;
  const S* v_own_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
