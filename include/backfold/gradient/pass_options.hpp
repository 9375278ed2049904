// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/parameter_view.hpp"
#include "backfold/loss/reduction.hpp"
#include "backfold/network/state.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Options of a pass over data: reduction, mode, noise, the states before and after, and w.
template <class Net, Index Batch = Dynamic>
struct PassOptions {
  /// `Sum` is the objective as it is defined; `Mean` divides by the number of columns that have a
  /// target (those of weight 0 and after a sequence's end have none). A column in which only some
  /// targets are missing counts as one.
  Reduction reduction = Reduction::Sum;
  Mode mode = Mode::Inference;  ///< Training: with the noise of layers such as Dropout
  Noise noise{};                ///< which noise
  /// Before the first step; if nullptr, the data's initial_states, zeros or what a LearntStart
  /// says.
  const State<Net, Batch>* initial = nullptr;
  State<Net, Batch>* final = nullptr;  ///< gets what is after the last step of each sequence
  /// Gets ∂E/∂(each number of the state before the first step), from gradient_with_inputs alone.
  State<Net, Batch>* d_initial = nullptr;

  /// The w at which the objective is evaluated; the network's own without one. It may not move
  /// until the pass has ended.
  ParameterView<typename Net::Scalar> parameters{};

  [[nodiscard]] detail::PassSettings pass() const { return {mode, noise}; }
};

namespace detail {

/// The w of a pass.
/// @throws std::invalid_argument if it has another length than the network's
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
