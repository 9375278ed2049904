// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include "backfold/core/array.hpp"
#include "backfold/core/diagonal.hpp"
#include "backfold/core/lookup.hpp"
#include "backfold/network/history.hpp"
#include "backfold/network/pass.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Use of the rows of a connection's weights by its parts.
struct WeightUse {
  bool once;    ///< each row is in exactly one part
  bool shared;  ///< some rows are in several parts
};

template <class LayerType, class List>
constexpr WeightUse weight_use(const List& parts) {
  std::array<int, weight_gates<LayerType>()> uses{};
  for (const Part& part : parts) {
    for (int g = 0; g < part.gates; ++g) ++uses[static_cast<std::size_t>(part.weight_gate + g)];
  }
  WeightUse use{true, false};
  for (const int count : uses) {
    if (count != 1) use.once = false;
    if (count > 1) use.shared = true;
  }
  return use;
}

/// ∂E/∂net of layer L in block t, net_gates·units × batch.
template <int L, class P>
auto* net_delta(const P& pass, Index t) {
  if constexpr (!fuses_activation<typename P::template LayerType<L>>) {
    return pass.template net<L>(t);
  } else {
    return pass.template delta<L>(t);
  }
}

/// Rows of some gates of layer L in an array of net_gates·units rows.
template <int L, int Gates, Index Columns, class P>
auto gate_rows(const P& pass, const typename P::S* net, int net_gate, Index columns) {
  using S = typename P::S;
  using Type = typename P::template LayerType<L>;
  constexpr Index fixed = P::template units_at_compile_time<L>;
  const Index units = pass.template units<L>();
  return ConstMatrixView < S, fixed == Dynamic ? Dynamic : Gates * fixed,
         Columns > (net + net_gate * units, Gates * units, columns, net_gates<Type>() * units);
}

/// ∂E/∂net of layer L from block t on, the rows of some gates.
template <int L, int Gates, Index Columns, class P>
auto net_deltas(const P& pass, Index t, int net_gate, Index columns) {
  return gate_rows<L, Gates, Columns>(pass, net_delta<L>(pass, t), net_gate, columns);
}

/// Gradients of all parameters from the deltas of a completed backward pass.
template <class P>
class WeightGradients {
 public:
  using S = typename P::S;
  using Arch = typename P::Arch;
  template <int L>
  using LayerType = typename P::template LayerType<L>;

  WeightGradients(const P& pass, S* gradient) : pass_(pass), gradient_(gradient) {}

  /// Clears the gradient of layer L's own parameters, to which its pull-back adds.
  template <int L>
  void clear_own() const {
    const Arch& architecture = pass_.architecture();
    std::fill_n(gradient_ + architecture.template own_offset<L>(),
                architecture.template own_count<L>(), S(0));
  }

  /// Gradient of layer L's block: Σ_t δ^t (x^(t−d))ᵀ for each connection, Σ_t δ^t for the bias.
  template <int L>
  void add_up() const {
    using Type = LayerType<L>;
    for_each_index<Arch::template connection_count<L>>([&](auto c) {
      constexpr Connection connection = Type::connections[c()];
      constexpr auto part_list = parts<Type>(c());
      constexpr WeightUse use = weight_use<Type>(part_list);
      const auto x = delayed_outputs<connection.source_of(L), connection.delay>(pass_);
      constexpr bool products_add = connection.weights != Weights::Full || !use.once;
      if constexpr (products_add) clear_weights<L, c()>();
      for_each_index<part_list.size()>([&](auto p) {
        constexpr Part part = part_list[p()];
        const auto delta =
            net_deltas<L, part.gates, P::all_columns>(pass_, 0, part.net_gate, pass_.columns());
        const auto g = pass_.template weights_in<L, c(), part.gates>(gradient_, part.weight_gate);
        if constexpr (connection.weights == Weights::Identity) {
          // nothing to learn
        } else if constexpr (connection.weights == Weights::Lookup) {
          add_lookup_outer(delta, x, g);
        } else if constexpr (connection.weights == Weights::Diagonal) {
          add_diagonal_outer(delta, x, g.data());
        } else if constexpr (use.shared) {
          add_outer(delta, x, g);
        } else {
          outer(delta, x, g, pass_.scratch());
        }
      });
    });
    if constexpr (Type::bias_columns > 0) add_up_bias<L>();
  }

  /// Clears the gradient of the learnt start of layer L, to which resets inside the pass add.
  template <int L>
  void clear_start() const {
    std::fill_n(gradient_ + pass_.architecture().template start_offset<L>(),
                P::Graph::start_columns(L) * pass_.template units<L>(), S(0));
  }

  /// Adds the gradient of the learnt start before the first step: the sum over the sequences of a
  /// batch. @pre the pass started from there
  template <int L>
  void add_up_start() const {
    const Index units = pass_.template units<L>();
    for (int k = 0; k < P::Graph::start_columns(L); ++k) {
      S* const g = gradient_ + pass_.architecture().template start_offset<L>() + k * units;
      const S* from = past_delta<L>(pass_, k);
      for (Index b = 0; b < pass_.batch(); ++b, from += units) add_numbers(from, g, units);
    }
  }

 private:
  /// Sets the gradient of connection C of layer L to 0.
  template <int L, int C>
  void clear_weights() const {
    const auto g = pass_.template weights_in<L, C, weight_gates<LayerType<L>>()>(gradient_, 0);
    for (Index j = 0; j < g.cols(); ++j) {
      for (Index i = 0; i < g.rows(); ++i) g.column(j)[i] = S(0);
    }
  }

  /// G ← G + D·Xᵀ, for the rare weights that are used by several gates.
  template <class D, class X, class G>
  static void add_outer(const D& d, const X& x, const G& g) {
    for (Index c = 0; c < d.cols(); ++c) {
      for (Index j = 0; j < g.cols(); ++j) {
        for (Index i = 0; i < g.rows(); ++i) g.column(j)[i] += d.column(c)[i] * x.column(c)[j];
      }
    }
  }

  /// Gradient of the bias: Σ_t δ^t.
  template <int L>
  void add_up_bias() const {
    using Type = LayerType<L>;
    S* const g = gradient_ + pass_.architecture().template bias_offset<L>();
    const auto delta =
        net_deltas<L, net_gates<Type>(), P::all_columns>(pass_, 0, 0, pass_.columns());
    if constexpr (!bias_is_net_bias<Type>) {
      row_sums(delta, pass_.template net_bias<L>());
      pass_.architecture().template layer<L>().scatter_bias(pass_.template net_bias<L>(), g,
                                                            pass_.template units<L>());
    } else {
      row_sums(delta, g);
    }
  }

  const P& pass_;
  S* gradient_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
