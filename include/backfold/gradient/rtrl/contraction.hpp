// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/rtrl/tangents.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// gradient ← gradient + Pᵀ v, for a tangent P = ∂a/∂w and v = ∂E/∂a.
template <Real S>
BACKFOLD_ALWAYS_INLINE void add_contraction(const Tangent<const S>& tangent, const S* v,
                                            S* gradient, S* scratch) {
  const auto matrix = tangent.matrix();
  if (matrix.cols() > 0) {
    detail::back(matrix, ConstMatrixView<S, Dynamic, 1>(v, matrix.rows(), 1),
                 MatrixView<S, Dynamic, 1>(gradient, matrix.cols(), 1), StartAtOutput{}, scratch);
  }
  const auto self = tangent.self();
  S* const by_own = gradient + matrix.cols();
  for (Index j = 0; j < self.cols(); ++j) {
    for (Index i = 0; i < self.rows(); ++i) by_own[j * self.rows() + i] += v[i] * self(i, j);
  }
}

/// gradient ← gradient + Σ (∂E/∂state)·P, after a backward pass of the next step.
template <class P, class Net>
void add_past(const P& pass, const Tangents<Net>& tangents, typename Net::Scalar* gradient,
              typename Net::Scalar* scratch) {
  using Graph = typename Net::Graph;
  for_each_index<Tangents<Net>::last_layer>([&](auto l) {
    constexpr int layer = l() + 1;
    for (int d = 1; d <= Graph::history(layer); ++d) {
      add_contraction(tangents.template output<layer>(d), pass.template delta<layer>(-d), gradient,
                      scratch);
    }
    if constexpr (Graph::has_memory[layer]) {
      add_contraction(tangents.template memory<layer>(1), pass.template d_memory<layer>(), gradient,
                      scratch);
    }
  });
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
