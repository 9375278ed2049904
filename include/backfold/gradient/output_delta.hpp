// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activate.hpp"
#include "backfold/network/pass.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Begins a backward pass from a vector u = ∂E/∂y that comes from no loss: sets the delta of the
/// output layer, times φ' if the backward pass leaves that to the loss.
///
/// @param u outputs × columns of the pass @pre the pass has run forward
template <class P, class U>
void set_output_delta(const P& pass, const Eigen::DenseBase<U>& u) {
  using S = typename P::S;
  constexpr int output = P::Arch::output_layer;
  S* const delta = pass.template delta<output>();
  Eigen::Map<Matrix<S>>(delta, u.rows(), u.cols()) = u.derived().matrix();
  if constexpr (fuses_activation<typename P::template LayerType<output>>) {
    detail::multiply_by_derivative<Dynamic>(
        pass.architecture().template layer<output>().activation(), pass.template net<output>(),
        pass.template own_output<output>(), delta, u.rows(), u.cols());
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
