// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/parameter_view.hpp"
#include "backfold/loss/reduction.hpp"
#include "backfold/network/pass.hpp"
#include "backfold/network/state.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Options of a pass over data: reduction, mode, noise, initial and final state, and w.
template <class Net, Index Batch = Dynamic>
struct PassOptions {
  /// `Sum` is the sum over all columns; `Mean` divides it by the number of columns with a target.
  /// Columns of weight 0 and after a sequence's end have none; a column in which only some targets
  /// are missing counts as one.
  Reduction reduction = Reduction::Sum;
  Mode mode = Mode::Inference;  ///< Training enables the noise of layers such as Dropout
  Noise noise{};                ///< key of the noise
  /// State before the first step; if nullptr, the data's initial_states, else the LearntStart or
  /// zero.
  const State<Net, Batch>* initial = nullptr;
  State<Net, Batch>* final = nullptr;  ///< set to the state after the last step of each sequence
  /// Set to ∂E/∂(state before the first step), by gradient_with_inputs only.
  State<Net, Batch>* d_initial = nullptr;

  /// The w at which the objective is evaluated; by default the network's own. It must not move
  /// during the pass.
  ParameterView<typename Net::Scalar> parameters{};

  [[nodiscard]] detail::PassSettings pass() const { return {mode, noise}; }
};

namespace detail {

/// The w of a pass.
/// @throws std::invalid_argument if its length differs from the network's
template <class Net, Index Batch>
const typename Net::Scalar* parameters_of(const Net& net, const PassOptions<Net, Batch>& options) {
  const auto& w = options.parameters;
  if (w.data() == nullptr) return net.parameters().data();
  if (w.size() != net.parameter_count()) {
    fail_argument("options: the network has ", net.parameter_count(),
                  " parameters, those given are ", w.size());
  }
  return w.data();
}

/// @throws std::invalid_argument for two states before the first step
template <class Net, Index Batch, class Data>
void check_one_initial(const PassOptions<Net, Batch>& options, const Data& data) {
  if (options.initial != nullptr && data.initial_states.rows() != 0) {
    fail_argument("options: the data have initial_states, so that initial must be null");
  }
}

/// @throws std::invalid_argument for a result that the pass does not compute
template <class Net, Index Batch>
void check_no_initial_gradient(const PassOptions<Net, Batch>& options) {
  if (options.d_initial != nullptr) {
    fail_argument("options: d_initial is computed by gradient_with_inputs alone");
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
