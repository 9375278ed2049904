// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "backfold/activation/activation.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/loss/loss.hpp"
#include "backfold/network/network.hpp"
#include "backfold/optimizer/optimizer.hpp"
#include "backfold/training/fit_options.hpp"
#include "backfold/training/learning_rate.hpp"
#include "backfold/training/sequence_source.hpp"

/// Checks for input that training refuses although `loss_of` and `gradient` compute it: data,
/// losses and networks from which nothing useful can be learned.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if a network's outputs are probabilities, or the loss does not require it.
template <class Net, class L>
constexpr bool outputs_suit_loss() {
  using Output = typename Net::ArchitectureType::template LayerType<Net::output_layer>;
  if constexpr (!takes_probabilities<L>) {
    return true;
  } else if constexpr (requires { typename Output::ActivationType; }) {
    return outputs_probabilities<typename Output::ActivationType>;
  } else {
    return outputs_probabilities<Output>;
  }
}

/// Checks all targets of a source by the loss's check_targets.
/// @throws std::invalid_argument naming the first invalid column
template <class S, class L, class Source>
void check_targets(const L& loss, const Source& source) {
  auto check = [&](const auto& targets, Index c) {
    if constexpr (requires { loss.check_targets(targets.data(), targets.rows(), c); }) {
      loss.check_targets(targets.column(c), targets.rows(), c);
    }
  };
  if constexpr (VisitsTargets<Source>) {
    source.for_each_target(check);
  } else {
    for (Index i = 0; i < source.count(); ++i) Sequences<S>(source[i]).for_each_target(check);
  }
}

/// Checks the masks of all targets of a source against the loss, by `check_mask`.
template <class Net, class L, class Source>
void check_masks(const Source& source) {
  using S = typename Net::Scalar;
  if constexpr (std::is_same_v<Source, Sequences<S>>) {
    check_mask<Net, L>(source);
  } else {
    for (Index i = 0; i < source.count(); ++i) check_mask<Net, L>(Sequences<S>(source[i]));
  }
}

/// Checks the options against the network, the optimizer and the data.
/// @throws std::invalid_argument naming the first invalid option
template <class Net, class O, class Data>
void check_options(const FitOptions& options, const Data& data, bool takes_batches) {
  if (!takes_batches && options.batch_size != 1) {
    fail_argument("training: its type is for one sample at a time, batch_size is ",
                  options.batch_size);
  }
  constexpr bool is_recurrent = Net::Graph::is_recurrent;
  if (!is_recurrent && options.truncation > 0) {
    fail_argument(
        "fit: truncation is for networks with delayed connections, this one has none: expected 0, "
        "got ",
        options.truncation);
  }
  if (!is_recurrent && options.stateful) {
    fail_argument(
        "fit: stateful training is for networks with delayed connections, this one has none");
  }
  if (options.final_rate != 1 && !follows_learning_rate<O>()) {
    fail_argument(
        "fit: final_rate is for optimizers with a learning_rate that each step uses, expected 1, "
        "got ",
        options.final_rate);
  }
  const Sequences<typename Net::Scalar> first = data[0];
  if (options.stateful && first.initial_states.rows() != 0) {
    fail_argument("fit: stateful training carries the state on, the data have initial_states");
  }
  if (options.truncation > 0 && first.targets_at == TargetsAt::LastStep) {
    fail_argument("fit: truncation needs targets at every step");
  }
  if constexpr (requires { data.options().stride; }) {
    const Index length = data.options().length;
    const Index stride = data.options().stride;
    if (options.stateful && stride != length) {
      fail_argument("fit: stateful training needs windows that follow one another, of stride ",
                    length, ", got ", stride);
    }
  }
}

/// Checks all sequences of a source, their masks and their targets, for a network and a loss.
/// @throws std::invalid_argument naming the first invalid one
template <class L, class Net, class Source>
void check_data_for(const L& loss, const Net& net, const Source& source) {
  check_source(net, source, outputs_per_target<L>);
  check_masks<Net, L>(source);
  check_targets<typename Net::Scalar>(loss, source);
}

/// Checks all arguments of a training, including every sample. Compiled once for both kinds of
/// training. @return the options
template <class O, class L, class Net, class Data>
BACKFOLD_NO_INLINE const FitOptions& checked_training(const FitOptions& options, const L& loss,
                                                      const Net& net, const Data& data,
                                                      bool takes_batches) {
  (options.check)();
  check_settings(loss);
  check_parameters(net);
  check_data_for(loss, net, data);
  check_options<Net, O>(options, data, takes_batches);
  return options;
}

/// Number of parameters of an optimizer's state; `otherwise` if a user's state does not tell.
template <class State>
Index parameters_of(const State& state, Index otherwise) {
  if constexpr (requires { state.vectors.size(); }) {
    return state.vectors.size();
  } else if constexpr (requires { state.inner; }) {
    return parameters_of(state.inner, otherwise);
  } else {
    return otherwise;
  }
}

/// @throws std::invalid_argument if an optimizer's state has a different number of parameters
template <class State>
void check_state(const State& state, Index parameters) {
  const Index own = parameters_of(state, parameters);
  if (own != parameters) {
    fail_argument("training: the optimizer's state is for ", own, " parameters, the network has ",
                  parameters);
  }
}

/// @throws std::invalid_argument if there are hidden layers and all parameters are equal: all units
/// of such a layer would get equal gradients in every step
template <class Net>
void check_initialized(const Net& net) {
  if constexpr (Net::layer_count > 2) {
    const auto* const w = net.parameters().data();
    for (Index i = 1; i < net.parameter_count(); ++i) {
      if (w[i] != w[0]) return;
    }
    const auto sizes = net.architecture().sizes();
    bool one_unit_each = true;
    for (int l = 1; l < Net::output_layer; ++l) {
      one_unit_each = one_unit_each && sizes[static_cast<std::size_t>(l)] == 1;
    }
    if (w[0] != 0 && one_unit_each) return;
    fail_argument("network: all parameters are ", static_cast<double>(w[0]),
                  ", so hidden units would stay equal: call initialize first");
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
