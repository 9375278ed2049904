// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/consumers.hpp"
#include "backfold/gradient/reset_deltas.hpp"
#include "backfold/gradient/weight_gradients.hpp"
#include "backfold/network/forward.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Multiplies a sum by φ', from the output.
template <class Function>
struct TimesDerivative {
  Function function;
  template <class V>
  BACKFOLD_ALWAYS_INLINE V operator()(const V& sum, const V& x) const {
    return sum * function.derivative(x);
  }
};

/// Backpropagation through a pass that has run forward. It starts from ∂E/∂net in the delta of the
/// output layer, and fills the deltas of all layers (in `net` for layers that do not fuse their φ)
/// and the gradient.
template <class P>
class Backward {
 public:
  using S = typename P::S;
  using Arch = typename P::Arch;
  using Graph = typename P::Graph;
  template <int L>
  using LayerType = typename P::template LayerType<L>;
  static constexpr int output_layer = Arch::output_layer;

  /// @param from_start true if the pass began with the learnt starts; after resets it has them in
  /// any case
  Backward(const P& pass, S* gradient, bool from_start = false)
      : pass_(pass), sums_(pass, gradient), gradient_(gradient), from_start_(from_start) {}

  /// @tparam ToInput true to propagate the error to the input and to the state before the first
  /// step
  template <bool ToInput>
  void run() const {
    if constexpr (Arch::Graph::is_recurrent) transpose_weights_in_time();
    for_each_index<output_layer>([&](auto l) {
      constexpr int layer = l() + 1;
      if constexpr (own_columns<LayerType<layer>>() > 0) sums_.template clear_own<layer>();
      if constexpr (Graph::start_columns(layer) > 0) sums_.template clear_start<layer>();
    });
    for_each_index_reversed<Graph::segment_count>([&](auto s) {
      constexpr Segment segment = Graph::schedule[s()];
      run_segment<s(), ToInput>();
      for_each_index<segment.last - segment.first + 1>([&](auto i) {
        constexpr int layer = segment.first + i();
        sums_.template add_up<layer>();
        if constexpr (Graph::start_columns(layer) > 0) {
          if (from_start_) sums_.template add_up_start<layer>();
          add_up_start_after_resets<layer>();
        }
      });
    });
    if constexpr (ToInput && !closes_loop<Graph>) gather_whole<0, false>();
  }

 private:
  void transpose_weights_in_time() const {
    for_each_index<output_layer>([&](auto l) {
      constexpr int layer = l() + 1;
      for_each_index<Arch::template connection_count<layer>>([&](auto c) {
        if constexpr (Arch::template is_matrix_in_time<layer, c()>()) {
          const auto to = pass_.template transposed_weights<layer, c()>();
          transpose(pass_.template weights<layer, c()>(), to.data(), to.outerStride());
        }
      });
    });
  }

  template <int Index_, bool ToInput>
  void run_segment() const {
    constexpr Segment segment = Graph::schedule[Index_];
    constexpr int count = segment.last - segment.first + 1;
    for_each_index_reversed<count>([&](auto i) {
      constexpr int layer = segment.first + i();
      // The loss has already set the output layer's delta if φ' is fused.
      constexpr bool is_given = layer == output_layer && fuses_activation<LayerType<layer>>;
      if constexpr (!is_given || segment.in_time) gather_whole<layer, !segment.in_time>();
    });
    if constexpr (closes_loop<Graph>) gather_whole<0, false>();
    if constexpr (segment.in_time) {
      for_each_index<count>([&](auto i) { clear_memory<segment.first + i()>(); });
      for (Index t = pass_.steps() - 1; t >= 0; --t) {
        hide_future<segment>(pass_, t);
        for_each_index_reversed<count>([&](auto i) { step<segment.first + i()>(t); });
        if constexpr (closes_loop<Graph>) step<0>(t);
        restore_future<segment>(pass_, t);
      }
      if constexpr (ToInput || Graph::learns_start)
        before_first_step<Graph::segment_of(segment.last)>();
    }
  }

  /// ∂E/∂x of layer L for the whole sequence from the layers after its segment, times φ' if
  /// `Finish`.
  template <int L, bool Finish>
  void gather_whole() const {
    constexpr auto list = Consumers<Graph, L>::template list<false>;
    constexpr int count = static_cast<int>(list.size());
    constexpr bool is_output = L == output_layer;
    S* const delta = pass_.template delta<L>();
    if constexpr (Graph::history(L) > 0) {
      const Index before = pass_.template units<L>() * pass_.batch() * Graph::history(L);
      for (Index i = -before; i < 0; ++i) delta[i] = S(0);
    }
    // If every link is delayed, as out of a loop, no product writes the last steps.
    constexpr bool reaches_all = count > 0 && list[0].delay == 0;
    if constexpr (!reaches_all && !is_output) {
      const Index n = pass_.template units<L>() * pass_.columns();
      for (Index i = 0; i < n; ++i) delta[i] = S(0);
    }
    constexpr bool fused = Finish && count > 0 && fuses<L>() &&
                           list[static_cast<std::size_t>(count == 0 ? 0 : count - 1)].delay == 0;
    for_each_index<count>([&](auto k) {
      constexpr Link link = list[k()];
      constexpr bool last = k() == count - 1;
      MatrixView<S, P::template units_at_compile_time<L>, P::all_columns> to(
          pass_.template delta<L>(-link.delay), pass_.template units<L>(), pass_.columns());
      const S* const deltas = delayed_deltas<link.target, link.delay>(pass_);
      from_consumer<link, reaches_all && k() == 0, fused && last>(
          to, pass_.template outputs<L>(link.delay), [&]<int Gates>(int net_gate) {
            return gate_rows<link.target, Gates, P::all_columns>(pass_, deltas, net_gate,
                                                                 pass_.columns());
          });
    });
    if constexpr (Finish && !fused) finish<L, P::all_columns>(0, pass_.columns());
  }

  /// Step t of layer L in time: adds the error from its segment, and applies φ'.
  template <int L>
  void step(Index t) const {
    constexpr bool is_given = L == output_layer && fuses_activation<LayerType<L>>;
    constexpr auto list = Consumers<Graph, L>::template list<true>;
    constexpr int count = static_cast<int>(list.size());
    S* const delta = pass_.template delta<L>(t);
    if constexpr (is_given) {
      add_to_output_delta<L>(t);
    } else {
      bool finished = false;
      if constexpr (L == output_layer && closes_loop<Graph>) pass_.pull_back_feedback(t, delta);
      for_each_index<count>([&](auto k) {
        constexpr Link link = list[k()];
        constexpr bool fused = k() == count - 1 && fuses<L>();
        if (t + link.delay < pass_.steps()) {
          from_later_step<L, link, fused>(t, delta);
          finished = fused;
        }
      });
      if (!finished) finish<L, P::step_columns>(t, pass_.batch());
    }
  }

  /// δ^t of a Dense output layer in time: adds φ'·(error from the links into later steps) to the δ
  /// of the loss.
  template <int L>
  void add_to_output_delta(Index t) const {
    constexpr auto list = Consumers<Graph, L>::template list<true>;
    S* const sum = pass_.spare_block();
    const Index n = pass_.template units<L>() * pass_.batch();
    for (Index i = 0; i < n; ++i) sum[i] = S(0);
    for_each_index<static_cast<int>(list.size())>([&](auto k) {
      constexpr Link link = list[k()];
      if (t + link.delay < pass_.steps()) from_later_step<L, link, false>(t, sum);
    });
    if constexpr (closes_loop<Graph>) pass_.pull_back_feedback(t, sum);
    multiply<L, P::step_columns>(t, sum, pass_.batch());
    S* const delta = pass_.template delta<L>(t);
    transform_into(
        delta, n, [](const auto& d, const auto& s) { return d + s; }, delta, sum);
  }

  /// Accumulates ∂E/∂(initial state) into blocks -history..-1.
  template <Segment segment>
  void before_first_step() const {
    for_each_index<segment.last - segment.first + 1>([&](auto i) {
      constexpr int layer = segment.first + i();
      constexpr auto list = Consumers<Graph, layer>::template list<true>;
      for (Index t = -Graph::history(layer); t < 0; ++t) {
        hide_future<segment>(pass_, t);
        for_each_index<static_cast<int>(list.size())>([&](auto k) {
          constexpr Link link = list[k()];
          if (t + link.delay >= 0 && t + link.delay < pass_.steps()) {
            from_later_step<layer, link, false>(t, pass_.template delta<layer>(t));
          }
        });
        restore_future<segment>(pass_, t);
      }
    });
  }

  /// Adds the error that reaches the learnt start of layer L from the steps after resets inside the
  /// pass, through the links out of the layer. What a pull-back finds has been added in its step.
  template <int L>
  void add_up_start_after_resets() const {
    if constexpr (P::may_reset) {
      if (!pass_.resets().any()) return;
      add_links_to_start<L, true>();
      add_links_to_start<L, false>();
    }
  }
  template <int L, bool InTime>
  void add_links_to_start() const {
    constexpr auto list = Consumers<Graph, L>::template list<InTime>;
    const Index units = pass_.template units<L>();
    S* const deltas = pass_.since_reset();
    for_each_index<static_cast<int>(list.size())>([&](auto i) {
      constexpr Link link = list[i()];
      for (Index k = 0; k < link.delay; ++k) {
        sum_deltas_after_resets<link.target>(pass_, link.delay, k, deltas);
        const MatrixView<S, P::template units_at_compile_time<L>, 1> to(
            gradient_ + pass_.architecture().template start_offset<L>() + k * units, units, 1);
        from_consumer<link, false, false>(to, to, [&]<int Gates>(int net_gate) {
          return gate_rows<link.target, Gates, 1>(pass_, deltas, net_gate, 1);
        });
      }
    });
  }

  /// to ← to + Wᵀ δ^(t + delay) for one link in time.
  template <int L, Link link, bool Fused>
  void from_later_step(Index t, S* to) const {
    MatrixView<S, P::template units_at_compile_time<L>, P::step_columns> view(
        to, pass_.template units<L>(), pass_.batch());
    from_consumer<link, false, Fused>(view, pass_.template output<L>(t),
                                      [&]<int Gates>(int net_gate) {
                                        return net_deltas<link.target, Gates, P::step_columns>(
                                            pass_, t + link.delay, net_gate, pass_.batch());
                                      });
  }

  /// to ← (to or 0) + Wᵀ δ over the parts of a link, times φ'(outputs) if Fused.
  template <Link link, bool Starts, bool Fused, class To, class Outputs, class Deltas>
  void from_consumer(const To& to, [[maybe_unused]] const Outputs& outputs,
                     const Deltas& deltas_of) const {
    constexpr auto part_list = parts<LayerType<link.target>>(link.index);
    constexpr int count = part_list.size();
    [[maybe_unused]] const auto times_derivative = [&] {
      if constexpr (Fused) {
        const auto& function = pass_.architecture().template layer<link.source>().activation();
        return TimesDerivative<std::remove_cvref_t<decltype(function)>>{function};
      } else {
        return Unchanged{};
      }
    }();
    for_each_index<count>([&](auto p) {
      constexpr Part part = part_list[p()];
      constexpr int target = link.target;
      const auto w = [&] {
        if constexpr (Arch::template is_matrix_in_time<target, link.index>()) {
          return AlreadyTransposed{
              pass_.template transposed_weights<target, link.index, part.gates>(part.weight_gate)};
        } else {
          return pass_.template weights<target, link.index, part.gates>(part.weight_gate);
        }
      }();
      const auto delta = deltas_of.template operator()<part.gates>(part.net_gate);
      auto start = [] {
        if constexpr (Starts && decltype(p)::value == 0) {
          return StartAtZero{};
        } else {
          return StartAtOutput{};
        }
      }();
      constexpr bool fused = Fused && p() == count - 1;
      if constexpr (link.weights != Weights::Full) {
        if constexpr (link.weights == Weights::Identity) {
          diagonal_affine(AllOnes{}, delta, to, start, Unchanged{});
        } else {
          diagonal_affine(w.data(), delta, to, start, Unchanged{});
        }
        if constexpr (fused) {
          constexpr Index numbers = size_product(To::RowsAtCompileTime, To::ColsAtCompileTime);
          transform_into<numbers>(to.data(), to.rows() * to.cols(), times_derivative, to.data(),
                                  outputs.data());
        }
      } else if constexpr (fused) {
        detail::back(w, delta, to, start, times_derivative, outputs, pass_.scratch());
      } else {
        detail::back(w, delta, to, start, pass_.scratch());
      }
    });
  }

  /// True if the last product can apply φ', from the output alone.
  template <int L>
  static constexpr bool fuses() {
    if constexpr (L == 0) {
      return false;
    } else if constexpr (!fuses_activation<LayerType<L>>) {
      return false;
    } else {
      using Function = typename LayerType<L>::ActivationType;
      return ElementwiseActivation<Function> && !uses_net_input<Function>;
    }
  }

  /// Turns ∂E/∂x of layer L into ∂E/∂net, in the columns from block t on.
  template <int L, Index Columns>
  void finish(Index t, Index columns) const {
    if constexpr (L == 0) {
      return;
    } else if constexpr (!fuses_activation<LayerType<L>>) {
      constexpr bool in_time = Graph::segment_of(L).in_time;
      if constexpr (in_time) hide_past_of_layer<L>(pass_, t);
      run_pull_back(pass_.architecture().template layer<L>(),
                    pass_.template layer_pull_back<L>(t, columns, gradient_));
      if constexpr (in_time) restore_past_of_layer<L>(pass_, t, gradient_);
    } else {
      multiply<L, Columns>(t, pass_.template delta<L>(t), columns);
    }
  }

  template <int L, Index Columns>
  void multiply(Index t, S* delta, Index columns) const {
    detail::multiply_by_derivative<size_product(P::template units_at_compile_time<L>, Columns)>(
        pass_.architecture().template layer<L>().activation(), pass_.template net<L>(t),
        pass_.template own_output<L>(t), delta, pass_.template units<L>(), columns);
  }

  template <int L>
  void clear_memory() const {
    if constexpr (has_memory<LayerType<L>>()) {
      S* const d_memory = pass_.template d_memory<L>();
      for (Index i = 0; i < pass_.template units<L>() * pass_.batch(); ++i) d_memory[i] = S(0);
    }
  }

  const P& pass_;
  WeightGradients<P> sums_;
  S* gradient_;
  bool from_start_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
