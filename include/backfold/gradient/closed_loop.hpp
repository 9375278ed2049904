// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "backfold/gradient/gradient.hpp"
#include "backfold/network/feedback.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Schedule of a network whose outputs are fed back: the input and all layers step through time
/// together.
template <class Graph>
struct LoopedGraph : Graph {
  static constexpr bool closes_loop = true;
  static constexpr int last_layer = Graph::layer_count - 1;
  static constexpr Segment segment_of(int) { return {0, last_layer, true}; }
  static constexpr int segment_count = 1;
  static constexpr std::array<Segment, 1> schedule{Segment{1, last_layer, true}};
};

/// A pass whose outputs are fed back as inputs of the next step.
template <class Net, Index Batch>
class LoopedPass : public Pass<Net, Batch, Purpose::Tangent, LoopedGraph<typename Net::Graph>> {
  using Base = Pass<Net, Batch, Purpose::Tangent, LoopedGraph<typename Net::Graph>>;

 public:
  using S = typename Base::S;
  static constexpr int output_layer = Base::Arch::output_layer;

  LoopedPass(const typename Base::Arch& architecture, const S* w, const Sequences<S>& data,
             Workspace<Net, Batch>& workspace, const PassSettings& settings,
             const FeedbackOptions& options)
      : Base(architecture, w, workspace, settings),
        options_(options),
        lengths_(data.lengths),
        noise_(settings.noise, 0, data.batch(), 0) {}

  /// Copies outputs of step t − 1 to the inputs of step t.
  void feed_back(Index t) const {
    for (Index b = 0; b < this->batch(); ++b) {
      if (!is_fed(t, b)) continue;
      S* const x = this->template own_output<0>(t) + b * input_units();
      const S* const y = this->template own_output<output_layer>(t - 1) + b * output_units();
      options_.for_each_row(output_units(),
                            [&](Index input, Index output) { x[input] = y[output]; });
    }
  }
  /// Adds to d_outputs the derivative of E with respect to the outputs of step t through the inputs
  /// of step t + 1. The derivatives of the given inputs that were replaced become 0.
  void pull_back_feedback(Index t, S* d_outputs) const {
    for (Index b = 0; t + 1 < this->steps() && b < this->batch(); ++b) {
      if (!is_fed(t + 1, b)) continue;
      S* const dx = this->template delta<0>(t + 1) + b * input_units();
      S* const dy = d_outputs + b * output_units();
      options_.for_each_row(output_units(), [&](Index input, Index output) {
        dy[output] += dx[input];
        dx[input] = S(0);
      });
    }
  }

 private:
  [[nodiscard]] Index input_units() const { return this->template units<0>(); }
  [[nodiscard]] Index output_units() const { return this->template units<output_layer>(); }
  /// It is a function of the noise, the step and the sequence, so the pull-back can draw it again.
  [[nodiscard]] bool is_fed(Index t, Index b) const {
    if (t < options_.warm_up || (lengths_ != nullptr && t >= lengths_[b])) return false;
    const double drawn = noise_.bits(t * this->batch() + b, 0)[0] * 0x1p-32;
    return drawn >= options_.teacher_ratio;
  }

  const FeedbackOptions& options_;
  const Index* lengths_;
  LayerNoise noise_;
};

}  // namespace detail

/// A loss over sequences in which the network's outputs are fed back as inputs of the next step:
///
/// x^t_i = y^(t−1)_o for the rows i, o of the feedback, else the input of the data.
///
/// E and its gradient include the loop: the error flows back through the fed outputs too. The
/// inputs of the data are the teacher: they are used in the first `warm_up` steps, and at a
/// fraction `teacher_ratio` of the others. It can replace a loss in `loss_of`, `gradient`, `fit`,
/// `Trainer` and `Validate`, on networks with and without delays.
///
///     bf::ClosedLoop loss(bf::HalfSquaredError{}, {.warm_up = 10});
///     bf::ClosedLoop some(bf::HalfSquaredError{}, {.rows = {{.input = 1, .output = 0}},
///                                                  .teacher_ratio = 0.5});
///
/// The draws are a function of the pass's noise (seed, update), step and sequence: a second pass
/// repeats them, for any number of threads. In a truncated or stateful training each piece of a
/// sequence begins with given inputs. Allocates nothing.
///
/// Sources: Williams & Zipser, A learning algorithm for continually running fully recurrent neural
/// networks (1989), teacher forcing; Bengio et al., Scheduled sampling for sequence prediction with
/// recurrent neural networks (2015), a fraction of the steps. Differs: there the error does not
/// flow back through the fed outputs.
template <class L>
struct ClosedLoop : L {
  /// Marks a loss that makes the passes over its data itself.
  using MakesPass = ClosedLoop;

  FeedbackOptions feedback;

  explicit ClosedLoop(const L& loss, const FeedbackOptions& options = {})
      : L(loss), feedback(options) {}

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    check_settings(compared());
    (feedback.check)();
  }

  /// The loss of outputs and targets.
  [[nodiscard]] const L& compared() const { return *this; }

  /// The pass over the data, for `gradient`.
  /// @throws std::invalid_argument for rows outside the network's inputs or outputs
  template <class Net, Index Batch>
  auto pass(const typename Net::ArchitectureType& architecture, const typename Net::Scalar* w,
            const Sequences<typename Net::Scalar>& data, Workspace<Net, Batch>& workspace,
            const detail::PassSettings& settings) const {
    (feedback.check)();
    feedback.check_rows(architecture.inputs(), architecture.outputs());
    return detail::LoopedPass<Net, Batch>(architecture, w, data, workspace, settings, feedback);
  }
};

template <class L>
ClosedLoop(const L&) -> ClosedLoop<L>;
template <class L>
ClosedLoop(const L&, const FeedbackOptions&) -> ClosedLoop<L>;

BACKFOLD_END_NAMESPACE
