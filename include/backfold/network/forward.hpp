// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activate.hpp"
#include "backfold/core/diagonal.hpp"
#include "backfold/core/lookup.hpp"
#include "backfold/network/layer_net.hpp"
#include "backfold/network/pass.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Contribution of one product to the net input of a layer.
struct Contribution {
  int connection;
  Part part;
  bool in_time;  ///< the source runs in the same segment: one product per step, not one for all
                 ///< steps
  bool starts;   ///< the first to write these rows of the net input
  bool ends;     ///< the last product of the layer
};

/// List of the products into a layer, with capacity for one per gate of each part.
template <class LayerType>
struct FeedList {
  static constexpr int capacity = [] {
    int gates = 0;
    for (int c = 0; c < static_cast<int>(LayerType::connections.size()); ++c) {
      for (const Part& part : parts<LayerType>(c)) gates += part.gates;
    }
    return gates;
  }();
  std::array<Contribution, capacity> contributions{};
  int count = 0;
  std::array<bool, net_gates<LayerType>()> reached{};  ///< gates that some contribution writes

  /// Adds the product of a part, as one contribution for each run of gates that are all new or all
  /// reached before: a product either starts its rows or adds to them.
  constexpr void add(int connection, const Part& part, bool in_time) {
    for (int first = 0, end = 0; first < part.gates; first = end) {
      const bool starts = !is_reached(part.net_gate + first);
      for (end = first; end < part.gates && is_reached(part.net_gate + end) != starts; ++end) {
      }
      for (int g = first; g < end; ++g) reached[static_cast<std::size_t>(part.net_gate + g)] = true;
      contributions[static_cast<std::size_t>(count++)] = {
          connection,
          {part.weight_gate + first, part.net_gate + first, end - first},
          in_time,
          starts,
          false};
    }
  }
  [[nodiscard]] constexpr bool is_reached(int gate) const {
    return reached[static_cast<std::size_t>(gate)];
  }
  [[nodiscard]] constexpr bool reaches_all() const {
    for (const bool gate : reached) {
      if (!gate) return false;
    }
    return true;
  }
};

/// The contributions of layer L; those whose sources are known for all steps come first.
template <class Graph, class LayerType, int L>
constexpr auto contribution_list() {
  FeedList<LayerType> list;
  for (const bool in_time : {false, true}) {
    for (int c = 0; c < static_cast<int>(LayerType::connections.size()); ++c) {
      const int source = LayerType::connections[static_cast<std::size_t>(c)].source_of(L);
      if (Graph::segment_of(L).holds(source) != in_time) continue;
      for (const Part& part : parts<LayerType>(c)) list.add(c, part, in_time);
    }
  }
  if (list.count > 0) list.contributions[static_cast<std::size_t>(list.count - 1)].ends = true;
  return list;
}

template <class Graph, class LayerType, int L>
struct FeedsOf {
  static constexpr auto list = contribution_list<Graph, LayerType, L>();
  static constexpr int count = list.count;
  static constexpr auto& value = list.contributions;

  /// True if the net input must be completed step by step.
  static constexpr bool in_time = [] {
    // A cell depends on its own past also without a connection, through its memory.
    if (!fuses_activation<LayerType>) return Graph::segment_of(L).in_time;
    return count > 0 && value[static_cast<std::size_t>(count == 0 ? 0 : count - 1)].in_time;
  }();
};

/// Bias of the net input of layer L, starting at a gate. @pre has_net_bias
template <int L, class P>
BACKFOLD_ALWAYS_INLINE auto net_bias(const P& pass, int gate) {
  using S = typename P::S;
  const Index first = gate * pass.template units<L>();
  if constexpr (bias_is_net_bias<typename P::template LayerType<L>>) {
    return pass.template bias<L>() + first;
  } else {
    return static_cast<const S*>(pass.template net_bias<L>()) + first;
  }
}

/// net ← bias (or 0) in the gates of layer L that no product reaches, for n columns.
template <int L, class List, class P, class S>
BACKFOLD_ALWAYS_INLINE void start_unreached([[maybe_unused]] const P& pass, [[maybe_unused]] S* net,
                                            [[maybe_unused]] Index n) {
  using Type = typename P::template LayerType<L>;
  for_each_index<net_gates<Type>()>([&](auto gate) {
    if constexpr (!List::list.is_reached(gate())) {
      const Index units = pass.template units<L>();
      for (Index c = 0; c < n; ++c) {
        S* const to = net + (c * net_gates<Type>() + gate()) * units;
        if constexpr (has_net_bias<Type>) {
          copy_numbers(net_bias<L>(pass, gate()), to, units);
        } else {
          for (Index i = 0; i < units; ++i) to[i] = S(0);
        }
      }
    }
  });
}

/// net[part of L] ← (its present value, or the bias) + W·x, followed by `function`.
template <int L, int K, class List, class P, class Source, class Target, class Function>
BACKFOLD_ALWAYS_INLINE void add_contribution(const List&, const P& pass, const Source& x,
                                             const Target& net, const Function& function) {
  using S = typename P::S;
  using Type = typename P::template LayerType<L>;
  constexpr Contribution contribution = List::value[K];
  constexpr Connection connection = Type::connections[contribution.connection];
  const auto w = pass.template weights<L, contribution.connection, contribution.part.gates>(
      contribution.part.weight_gate);
  const auto start = [&] {
    if constexpr (!contribution.starts) {
      return StartAtOutput{};
    } else if constexpr (has_net_bias<Type>) {
      return StartAtBias<S>{net_bias<L>(pass, contribution.part.net_gate)};
    } else {
      return StartAtZero{};
    }
  }();
  if constexpr (connection.weights == Weights::Identity) {
    diagonal_affine(AllOnes{}, x, net, start, function);
  } else if constexpr (connection.weights == Weights::Diagonal) {
    diagonal_affine(w.data(), x, net, start, function);
  } else if constexpr (connection.weights == Weights::Lookup) {
    lookup_affine(w, x, net, start, function);
  } else {
    affine(w, x, net, start, function, pass.scratch());
  }
}

/// The rows of the net input that a contribution writes, in `columns` columns (Columns if static).
template <int L, int K, class List, Index Columns, class P, class S>
BACKFOLD_ALWAYS_INLINE auto fed_rows(const List&, const P& pass, S* net, Index columns) {
  using Type = typename P::template LayerType<L>;
  constexpr Contribution contribution = List::value[K];
  constexpr Index fixed = P::template units_at_compile_time<L>;
  constexpr Index rows = fixed == Dynamic ? Dynamic : contribution.part.gates * fixed;
  const Index units = pass.template units<L>();
  return MatrixView<S, rows, Columns>(net + contribution.part.net_gate * units,
                                      contribution.part.gates * units, columns,
                                      net_gates<Type>() * units);
}

/// φ, as a function of Lanes.
template <class Function>
struct ValueOf {
  Function function;
  template <class V>
  BACKFOLD_ALWAYS_INLINE V operator()(const V& net) const {
    return function.value(net);
  }
};

/// Runs the contributions of layer L that are in time, at block t, or those that are not, for all
/// steps.
template <int L, bool InTime, bool ForLoss, class P>
BACKFOLD_ALWAYS_INLINE void run_layer(const P& pass, Index t) {
  using Type = typename P::template LayerType<L>;
  using List = FeedsOf<typename P::Graph, Type, L>;
  constexpr bool keep = keeps_net<Type, ForLoss>();
  constexpr Index columns_fixed = InTime ? P::step_columns : P::all_columns;
  const Index columns = InTime ? pass.batch() : pass.columns();
  auto* const net = [&] {
    if constexpr (keep) {
      return pass.template net<L>(t);
    } else {
      return pass.template own_output<L>(t);
    }
  }();
  [[maybe_unused]] const auto value_of = [&] {
    if constexpr (keep) {
      return Unchanged{};
    } else {
      const auto& function = pass.architecture().template layer<L>().activation();
      return ValueOf<std::remove_cvref_t<decltype(function)>>{function};
    }
  }();
  if constexpr (!InTime && !List::list.reaches_all()) {
    start_unreached<L, List>(pass, net, columns);
  }
  for_each_index<List::count>([&](auto k) {
    constexpr Contribution contribution = List::value[k()];
    if constexpr (contribution.in_time == InTime) {
      constexpr Connection c = Type::connections[contribution.connection];
      const auto rows = fed_rows<L, k(), List, columns_fixed>(List{}, pass, net, columns);
      auto run = [&](const auto& function) {
        if constexpr (InTime) {
          add_contribution<L, k()>(List{}, pass, pass.template output<c.source_of(L)>(t - c.delay),
                                   rows, function);
        } else {
          add_contribution<L, k()>(List{}, pass, delayed_outputs<c.source_of(L), c.delay>(pass),
                                   rows, function);
        }
      };
      if constexpr (!keep && contribution.ends) {
        run(value_of);
      } else {
        run(Unchanged{});
      }
    }
  });
  constexpr bool applied_by_product = !keep && List::count > 0;
  if constexpr (List::in_time == InTime && !applied_by_product) {
    const auto& layer = pass.architecture().template layer<L>();
    if constexpr (!fuses_activation<Type>) {
      run_forward(layer, pass.template layer_step<L>(t, columns));
    } else {
      constexpr Index numbers = size_product(P::template units_at_compile_time<L>, columns_fixed);
      activate<numbers>(layer.activation(), net, pass.template own_output<L>(t),
                        pass.template units<L>(), columns);
    }
  }
}

/// Gathers the biases of layers with gather_bias, one for each row of net.
template <class P>
BACKFOLD_ALWAYS_INLINE void gather_biases(const P& pass) {
  for_each_index<P::Arch::layer_count - 1>([&](auto l) {
    constexpr int layer = l() + 1;
    using Type = typename P::template LayerType<layer>;
    if constexpr (has_net_bias<Type> && !bias_is_net_bias<Type>) {
      pass.architecture().template layer<layer>().gather_bias(pass.template bias<layer>(),
                                                              pass.template net_bias<layer>(),
                                                              pass.template units<layer>());
    }
  });
}

}  // namespace detail

/// Runs a network over all steps of a batch, segment by segment of its schedule. The outputs, and
/// the numbers that the gradient needs, are then in the pass's workspace.
///
/// @tparam KeepOutputNet keeps the net input of the output layer too, for a loss that works on it
template <bool KeepOutputNet, class P>
BACKFOLD_ALWAYS_INLINE void forward(const P& pass) {
  using Graph = typename P::Graph;
  constexpr int output_layer = P::Arch::output_layer;
  detail::gather_biases(pass);
  for_each_index<Graph::segment_count>([&](auto s) {
    constexpr detail::Segment segment = Graph::schedule[s()];
    constexpr int count = segment.last - segment.first + 1;
    for_each_index<count>([&](auto i) {
      constexpr int layer = segment.first + i();
      detail::run_layer<layer, false, KeepOutputNet && layer == output_layer>(pass, 0);
    });
    if constexpr (segment.in_time) {
      for (Index t = 0; t < pass.steps(); ++t) {
        if constexpr (detail::closes_loop<Graph>) pass.feed_back(t);
        detail::hide_past<segment>(pass, t);
        for_each_index<count>([&](auto i) {
          constexpr int layer = segment.first + i();
          detail::run_layer<layer, true, KeepOutputNet && layer == output_layer>(pass, t);
        });
        detail::restore_past<segment>(pass, t);
      }
    }
  });
}

BACKFOLD_END_NAMESPACE
