// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/diagonal.hpp"
#include "backfold/gradient/rtrl/tangents.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Dynamics Jacobian of layer L: ∂net/∂(outputs of a source, now or some steps ago), the weights of
/// the connection, times φ' if that is folded into them.
template <class Net, int L>
class DynamicsJacobian {
 public:
  using S = typename Net::Scalar;
  using P = Pass<Net, 1>;
  using Arch = typename Net::ArchitectureType;
  using Type = typename P::template LayerType<L>;
  using Shape = TangentShape<Arch, L>;
  static constexpr int connection_count = Arch::template connection_count<L>;

  /// Size of the scratch for the weights times φ', or for ones if a connection has no weights.
  static Size scratch_size(const Arch& architecture) {
    Size size = 0;
    for_each_index<connection_count>([&](auto c) {
      constexpr bool has_weights = Type::connections[c()].weights != Weights::Identity;
      if constexpr (Shape::folds_slope || !has_weights) {
        const Index columns = has_weights ? architecture.template fan_in<L, c()>() : 1;
        size = (std::max)(size, Size(architecture.template block_rows<L>()) * columns);
      }
    });
    return size;
  }
  static Index product_scratch_size(const Arch& architecture) {
    Index size = 0;
    const Index rows = architecture.template block_rows<L>();
    for_each_index<connection_count>([&](auto c) {
      const Index fan_in = architecture.template fan_in<L, c()>();
      size = (std::max)(size, product_scratch<S>(rows, fan_in, Shape::columns(architecture)));
    });
    return size;
  }

  DynamicsJacobian(const P& pass, const S* slope, S* scratch, S* product_scratch)
      : pass_(pass), slope_(slope), scratch_(scratch), product_scratch_(product_scratch) {}

  /// A connection whose product writes all of ∂net, so that it need not be cleared first; or −1.
  static constexpr int starting_connection = [] {
    for (int c = 0; c < connection_count; ++c) {
      const Connection connection = Type::connections[static_cast<std::size_t>(c)];
      const auto list = parts<Type>(c);
      if (connection.weights == Weights::Lookup || Shape::has_self_tangent) continue;
      const bool is_whole = list.size() == 1 && list[0].gates == net_gates<Type>();
      if (connection.source_of(L) == L && is_whole) return c;
    }
    return -1;
  }();

  /// True if the source of a connection has a tangent.
  template <int C>
  static constexpr bool is_felt = [] {
    constexpr Connection connection = Type::connections[C];
    constexpr int source = connection.source_of(L);
    return connection.weights != Weights::Lookup && source > 0 &&
           source <= last_remembered_layer<typename Net::Graph>;
  }();

  /// ∂net ← (zero or ∂net) + W ∂x, for the columns that the source and the layer have in common.
  template <int C, int Gates, class Start>
  void multiply(const Part& part, const Tangents<Net>& tangents, S* net, Index columns) const {
    constexpr Connection connection = Type::connections[C];
    constexpr int source = connection.source_of(L);
    const Index rows = Shape::net_rows(pass_.architecture());
    const Tangent<const S> from = tangents.template output<source>(connection.delay);
    const ConstMatrixView<S> w = weights<C, Gates>(part);
    // Without columns, net may be null.
    S* const to = columns == 0 ? net : net + part.net_gate * pass_.template units<L>();
    const Index n = (std::min)(from.columns, columns);
    if (n > 0) {
      const ConstMatrixView<S> x(from.data, from.units, n);
      const MatrixView<S> y(to, Gates * pass_.template units<L>(), n, rows);
      if constexpr (connection.is_one_to_one()) {
        diagonal_affine(w.data(), x, y, Start{}, Unchanged{});
      } else {
        affine(w, x, y, Start{}, Unchanged{}, product_scratch_);
      }
    }
    if constexpr (TangentShape<Arch, source>::has_self_tangent && source != L) {
      add_self<connection.is_one_to_one()>(w, from, to);
    }
  }

 private:
  /// Each parameter of a source with a self-tangent affects one of its units.
  template <bool IsOneToOne>
  void add_self(const ConstMatrixView<S>& w, const Tangent<const S>& from, S* to) const {
    const Index rows = Shape::net_rows(pass_.architecture());
    const S* const self = from.self().data();
    for (Index q = 0; q < from.units * from.self_columns; ++q) {
      const Index unit = q % from.units;
      S* const column = to + (from.columns + q) * rows;
      if constexpr (IsOneToOne) {
        column[unit] += w(unit, 0) * self[q];
      } else {
        for (Index i = 0; i < w.rows(); ++i) column[i] += w(i, unit) * self[q];
      }
    }
  }

  template <int C, int Gates>
  [[nodiscard]] ConstMatrixView<S> weights(const Part& part) const {
    const auto w = pass_.template weights<L, C, Gates>(part.weight_gate);
    if constexpr (Type::connections[C].weights == Weights::Identity) {
      for (Index i = 0; i < w.rows(); ++i) scratch_[i] = Shape::folds_slope ? slope_[i] : S(1);
      return {scratch_, w.rows(), 1};
    } else {
      const ConstMatrixView<S> plain(w.data(), w.rows(), w.cols(), w.outerStride());
      if constexpr (!Shape::folds_slope) return plain;
      const MatrixView<S> scaled(scratch_, w.rows(), w.cols());
      diagonal_affine(slope_, plain, scaled, StartAtZero{}, Unchanged{});
      return scaled;
    }
  }

  const P& pass_;
  const S* slope_;
  S *scratch_, *product_scratch_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
