// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <type_traits>
#include <utility>

#include "backfold/activation/activation.hpp"
#include "backfold/data/samples.hpp"
#include "backfold/data/windows.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/loss/loss.hpp"
#include "backfold/network/network.hpp"
#include "backfold/optimizer/optimizer.hpp"
#include "backfold/training/fit_options.hpp"

/// Checks for input that training refuses although `loss_of` and `gradient` compute it: data,
/// losses and networks from which nothing useful can be learned.

BACKFOLD_BEGIN_NAMESPACE

/// A source that `fit` can learn from: a number of sequences (or samples), each as a view. All have
/// equally many steps, and either all or none have targets, weights and lengths.
template <class D>
concept SequenceSource = requires(const D data) {
  { data.count() } -> std::convertible_to<Index>;
  data[Index{0}];
};

namespace detail {

/// Type in which Trainer stores its data: Samples become Sequences.
template <class Net, class Source>
using DataOf = std::conditional_t<std::is_convertible_v<Source, Sequences<typename Net::Scalar>>,
                                  Sequences<typename Net::Scalar>, Source>;

/// True if a source's sequences have numbers of type S.
template <class Data, class S>
constexpr bool is_of_scalar() {
  using One = std::remove_cvref_t<decltype(std::declval<const Data&>()[Index{0}])>;
  return std::is_base_of_v<Samples<S>, One>;
}

/// True if a source iterates over its columns itself, each once even if sequences overlap.
template <class Source>
concept VisitsTargets = requires(const Source& source) {
  source.for_each_target([](const auto&, Index) {});
};

/// True if two sequences agree in having target_weights, and in NaN as missing targets.
template <class S>
bool have_same_masks(const Sequences<S>& a, const Sequences<S>& b) {
  return a.target_weights.rows() == b.target_weights.rows() && a.missing == b.missing;
}

/// Checks sequence i against a network and against the first sequence, for which memory is laid
/// out.
template <class Net, class S>
void check_sequence(const Net& net, const Sequences<S>& one, const Sequences<S>& first, Index i,
                    Index outputs_per_target) {
  check_data(one, net.inputs(), net.outputs(), outputs_per_target);
  check_sequences<Net>(one);
  check_initial_states(net, one);
  if (one.batch() != 1) {
    fail_argument("data: expected one sequence (or sample) at place ", i, ", got ", one.batch());
  }
  if (one.steps != first.steps) {
    fail_argument("data: sequence ", i, " has ", one.steps, " steps, sequence 0 has ", first.steps,
                  "; those of different lengths go into Sequences, padded, with their lengths");
  }
  if (one.targets_at != first.targets_at) {
    fail_argument("data: sequence ", i, " has its targets at other steps than sequence 0");
  }
  if ((one.weights == nullptr) != (first.weights == nullptr) ||
      (one.lengths == nullptr) != (first.lengths == nullptr)) {
    fail_argument("data: weights and lengths are for all sequences or for none: sequence ", i,
                  " differs from sequence 0");
  }
  if (!have_same_masks(one, first)) {
    fail_argument("data: target_weights and missing are for all sequences or for none: sequence ",
                  i, " differs from sequence 0");
  }
  if (one.initial_states.rows() != first.initial_states.rows()) {
    fail_argument("data: initial_states are for all sequences or for none: sequence ", i,
                  " differs from sequence 0");
  }
  if (one.resets.empty() != first.resets.empty()) {
    fail_argument("data: resets are for all sequences or for none: sequence ", i,
                  " differs from sequence 0");
  }
  check_resets<Net>("data", one.resets, one.inputs.cols());
}

/// True if two sequences need equal amounts of memory.
template <class S>
bool have_same_sizes(const Sequences<S>& a, const Sequences<S>& b) {
  return a.steps == b.steps && a.inputs.rows() == b.inputs.rows() &&
         a.inputs.cols() == b.inputs.cols() && a.targets.rows() == b.targets.rows() &&
         a.targets.cols() == b.targets.cols() && a.weight_count == b.weight_count &&
         (a.weights == nullptr) == (b.weights == nullptr) &&
         (a.lengths == nullptr) == (b.lengths == nullptr) && a.targets_at == b.targets_at &&
         a.initial_states.rows() == b.initial_states.rows() &&
         a.initial_states.cols() == b.initial_states.cols() && a.resets.size() == b.resets.size() &&
         have_same_masks(a, b);
}

/// Wraps a user's source and checks each sequence against the sizes of the first one, since they
/// may change during training. The library's own sources are views of constant size.
template <class Source, class S>
class SteadySource {
 public:
  explicit SteadySource(const Source& source) : source_(source), first_(source[0]) {}

  [[nodiscard]] Index count() const { return source_.count(); }
  Sequences<S> operator[](Index i) const {
    const Sequences<S> one = source_[i];
    if (!have_same_sizes(one, first_)) {
      fail_argument("data: sequence ", i, " has other sizes now than when training began");
    }
    return one;
  }

 private:
  Source source_;
  Sequences<S> first_;
};

/// Sequences and Windows unchanged, other sources with checked sizes.
template <class Data, class S>
using KeptSource =
    std::conditional_t<std::is_same_v<Data, Sequences<S>> || std::is_same_v<Data, Windows<S>>, Data,
                       SteadySource<Data, S>>;

/// Checks all sequences of a source: sizes, numbers, weights.
/// @throws std::invalid_argument naming the first invalid one
template <class Net, class Source>
void check_source(const Net& net, const Source& source, Index outputs_per_target) {
  using S = typename Net::Scalar;
  if constexpr (std::is_same_v<Source, Sequences<S>>) {
    check_data(source, net.inputs(), net.outputs(), outputs_per_target);
    check_sequences<Net>(source);
    check_initial_states(net, source);
    check_resets<Net>("data", source.resets, source.inputs.cols());
    source.check_finite();
    if (source.target_count() == 0) fail_argument("data: all weights are 0");
  } else {
    const Index count = source.count();
    if (count < 1) fail_argument("data: no samples");
    const Sequences<S> first = source[0];
    if constexpr (requires { source.check_finite(); }) source.check_finite();
    bool has_target = false;
    for (Index i = 0; i < count; ++i) {
      const Sequences<S> one = source[i];
      check_sequence(net, one, first, i, outputs_per_target);
      if constexpr (!VisitsTargets<Source>) one.check_finite();
      has_target = has_target || one.target_count() > 0;
    }
    if (!has_target) fail_argument("data: all weights are 0");
  }
}

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

/// True if an optimizer's next step uses a learning_rate set before it.
template <class O>
constexpr bool follows_learning_rate() {
  using Settings = std::remove_reference_t<decltype(innermost(std::declval<O&>()))>;
  if constexpr (requires { Settings::follows_learning_rate; }) {
    return Settings::follows_learning_rate;
  } else {
    return requires(Settings & settings) { settings.learning_rate = 1.0; };
  }
}

/// The learning rate of an optimizer, or 0 if it does not follow one.
template <class O>
double learning_rate_of(const O& optimizer) {
  if constexpr (follows_learning_rate<O>()) {
    return static_cast<double>(innermost(optimizer).learning_rate);
  } else {
    return 0;
  }
}

/// Sets the learning rate of an optimizer. @pre it follows one
template <class O>
void set_learning_rate(O& optimizer, double rate) {
  auto& learning_rate = innermost(optimizer).learning_rate;
  learning_rate = static_cast<std::remove_reference_t<decltype(learning_rate)>>(rate);
}

/// Checks the options against the network, the optimizer and the data.
/// @throws std::invalid_argument naming the first invalid option
template <class Net, class O, bool TakesBatches, class Data>
void check_options(const FitOptions& options, const Data& data) {
  if (!TakesBatches && options.batch_size != 1) {
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

/// Checks all arguments of a training, including every sample. @return the options
template <class O, bool TakesBatches, class L, class Net, class Data>
const FitOptions& checked_training(const FitOptions& options, const L& loss, const Net& net,
                                   const Data& data) {
  (options.check)();
  check_settings(loss);
  check_parameters(net);
  check_source(net, data, outputs_per_target<L>);
  check_masks<Net, L>(data);
  check_targets<typename Net::Scalar>(loss, data);
  check_options<Net, O, TakesBatches>(options, data);
  return options;
}

/// Sets the learning rate of an epoch, linear from the initial rate to its fraction `final_rate`.
template <class O>
void set_final_rate([[maybe_unused]] O& optimizer, [[maybe_unused]] const FitOptions& options,
                    [[maybe_unused]] double first_rate, [[maybe_unused]] Index epoch) {
  if constexpr (follows_learning_rate<O>()) {
    if (options.final_rate == 1) return;
    if (epoch >= options.epochs) {
      fail_argument("training: the learning rate has fallen to final_rate after ", options.epochs,
                    " epochs: set `epochs` to all that are to be run");
    }
    set_learning_rate(optimizer, first_rate * linear_factor(double(epoch), double(options.epochs),
                                                            options.final_rate));
  }
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
    const bool one_unit_each =
        std::all_of(sizes.begin() + 1, sizes.end() - 1, [](Index units) { return units == 1; });
    if (w[0] != 0 && one_unit_each) return;
    fail_argument("network: all parameters are ", static_cast<double>(w[0]),
                  ", so hidden units would stay equal: call initialize first");
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
