// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"
#include "backfold/core/diagonal.hpp"
#include "backfold/core/elementwise.hpp"
#include "backfold/network/pass.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// One product that adds to the net input of a layer.
struct Feed {
  int connection;
  Part part;
  bool in_time;  ///< its source runs in the same segment: one product a step, else one for all
  bool starts;   ///< the first to reach these rows of the net input
  bool ends;     ///< the last product of the layer
};

/// The products into layer L: first those whose sources are known for all steps.
template <class Graph, class LayerType, int L>
constexpr auto feeds() {
  constexpr int connections = static_cast<int>(LayerType::connections.size());
  constexpr int count = [] {
    int sum = 0;
    for (int c = 0; c < connections; ++c) sum += parts<LayerType>(c).size();
    return sum;
  }();
  std::array<Feed, count> result{};
  bool reached[net_gates<LayerType>()] = {};
  std::size_t next = 0;
  for (const bool in_time : {false, true}) {
    for (int c = 0; c < connections; ++c) {
      const int source = LayerType::connections[static_cast<std::size_t>(c)].source_of(L);
      if (Graph::segment_of(L).holds(source) != in_time) continue;
      for (const Part& part : parts<LayerType>(c)) {
        result[next] = {c, part, in_time, !reached[part.net_gate], next + 1 == result.size()};
        ++next;
        for (int g = 0; g < part.gates; ++g) reached[part.net_gate + g] = true;
      }
    }
  }
  return result;
}

template <class Graph, class LayerType, int L>
struct FeedsOf {
  static constexpr auto value = feeds<Graph, LayerType, L>();
};

/// Keeps the net input of a layer beside its output: where φ' needs it, where the loss does, and
/// where φ acts on whole columns.
template <class LayerType, bool ForLoss>
constexpr bool keeps_net() {
  if constexpr (Cell<LayerType>) {
    return true;
  } else {
    using Function = typename LayerType::ActivationType;
    return ForLoss || !ElementwiseActivation<Function> || uses_net_input<Function>;
  }
}

/// net[part of L] ← (what is there or the bias) + W·x, and φ of it where `function` says so.
template <int L, int K, class List, class P, class Source, class Target, class Function>
BACKFOLD_ALWAYS_INLINE void apply_feed(const List&, const P& pass, const Source& x,
                                       const Target& net, const Function& function) {
  using S = typename P::S;
  using Type = typename P::template LayerType<L>;
  constexpr Feed feed = List::value[K];
  constexpr Connection connection = Type::connections[feed.connection];
  const auto w = pass.template weights<L, feed.connection, feed.part.gates>(feed.part.weight_gate);
  const auto start = [&] {
    if constexpr (!feed.starts) {
      return FromOutput{};
    } else if constexpr (Cell<Type>) {
      return FromBias<S>{pass.template net_bias<L>() +
                         feed.part.net_gate * pass.template units<L>()};
    } else if constexpr (Type::bias_columns == 0) {
      return FromZero{};
    } else {
      return FromBias<S>{pass.template bias<L>()};
    }
  }();
  if constexpr (connection.diagonal) {
    diagonal_affine(w.data(), x, net, start, function);
  } else {
    affine(w, x, net, start, function, pass.scratch());
  }
}

/// The rows of the net input that a feed adds to, of `columns` columns (or Columns of them).
template <int L, int K, class List, Index Columns, class P, class S>
BACKFOLD_ALWAYS_INLINE auto fed_rows(const List&, const P& pass, S* net, Index columns) {
  using Type = typename P::template LayerType<L>;
  constexpr Feed feed = List::value[K];
  constexpr Index fixed = P::template fixed_units<L>;
  constexpr Index rows = fixed == Dynamic ? Dynamic : feed.part.gates * fixed;
  const Index units = pass.template units<L>();
  return MatrixView<S, rows, Columns>(net + feed.part.net_gate * units, feed.part.gates * units,
                                      columns, net_gates<Type>() * units);
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

/// x ← φ(net) for n columns where the products have not done it; N are units·n if constant.
template <Index N, class Function, class S>
BACKFOLD_ALWAYS_INLINE void activate(const Function& function, const S* net, S* output, Index units,
                                     Index n) {
  if constexpr (ElementwiseActivation<Function>) {
    transform_into<N>(
        output, units * n, [&](const auto& v) { return function.value(v); }, net);
  } else {
    for (Index i = 0; i < units * n; ++i) output[i] = net[i];
    for (Index c = 0; c < n; ++c) (function.apply)(output + c * units, units);
  }
}

/// Runs the feeds of layer L that are (or are not) in time, at block t (or for all steps).
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
      return Identity{};
    } else {
      const auto& function = pass.architecture().template layer<L>().activation();
      return ValueOf<std::remove_cvref_t<decltype(function)>>{function};
    }
  }();
  for_each_index<static_cast<int>(List::value.size())>([&](auto k) {
    constexpr Feed feed = List::value[k()];
    if constexpr (feed.in_time == InTime) {
      constexpr Connection c = Type::connections[feed.connection];
      const auto rows = fed_rows<L, k(), List, columns_fixed>(List{}, pass, net, columns);
      auto run = [&](const auto& function) {
        if constexpr (InTime) {
          apply_feed<L, k()>(List{}, pass, pass.template output<c.source_of(L)>(t - c.delay), rows,
                             function);
        } else {
          apply_feed<L, k()>(List{}, pass, pass.template outputs<c.source_of(L)>(c.delay), rows,
                             function);
        }
      };
      if constexpr (!keep && feed.ends) {
        run(value_of);
      } else {
        run(Identity{});
      }
    }
  });
  constexpr bool complete = List::value.back().in_time == InTime;
  if constexpr (complete && keep) {
    const auto& layer = pass.architecture().template layer<L>();
    if constexpr (Cell<Type>) {
      auto* const memory = has_memory<Type>() ? pass.template memory<L>(t) : nullptr;
      auto* const memory_before = has_memory<Type>() ? pass.template memory<L>(t - 1) : nullptr;
      layer.forward(net, pass.template own_output<L>(t - 1), memory_before,
                    pass.template own_output<L>(t), memory, pass.template units<L>(), columns);
    } else {
      constexpr Index numbers = size_product(P::template fixed_units<L>, columns_fixed);
      activate<numbers>(layer.activation(), net, pass.template own_output<L>(t),
                        pass.template units<L>(), columns);
    }
  }
}

/// The biases of cells, one for each net input.
template <class P>
BACKFOLD_ALWAYS_INLINE void gather_biases(const P& pass) {
  for_each_index<P::Arch::layer_count - 1>([&](auto l) {
    constexpr int layer = l() + 1;
    using Type = typename P::template LayerType<layer>;
    if constexpr (Cell<Type>) {
      pass.architecture().template layer<layer>().gather_bias(pass.template bias<layer>(),
                                                              pass.template net_bias<layer>(),
                                                              pass.template units<layer>());
    }
  });
}

}  // namespace detail

/// Runs a network over all steps of a batch, segment by segment of its schedule: outputs (and what
/// the gradient needs) stand in the pass's workspace afterwards.
///
/// @tparam KeepOutputNet keeps the net input of the output layer too, for a loss that works on it
template <bool KeepOutputNet, class P>
BACKFOLD_ALWAYS_INLINE void forward(const P& pass) {
  using Graph = typename P::Graph;
  constexpr int output_layer = P::Arch::output_layer;
  detail::gather_biases(pass);
  for_each_index<Graph::segment_count>([&](auto s) {
    constexpr Segment segment = Graph::schedule[s()];
    constexpr int count = segment.last - segment.first + 1;
    for_each_index<count>([&](auto i) {
      constexpr int layer = segment.first + i();
      detail::run_layer<layer, false, KeepOutputNet && layer == output_layer>(pass, 0);
    });
    if constexpr (segment.in_time) {
      for (Index t = 0; t < pass.steps(); ++t) {
        for_each_index<count>([&](auto i) {
          constexpr int layer = segment.first + i();
          detail::run_layer<layer, true, KeepOutputNet && layer == output_layer>(pass, t);
        });
      }
    }
  });
}

BACKFOLD_END_NAMESPACE
