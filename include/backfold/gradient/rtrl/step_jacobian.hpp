// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/diagonal.hpp"
#include "backfold/gradient/rtrl/tangents.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A result of a layer's step: its output or its memory.
enum class StepResult { Output, Memory };

/// Jacobians of a layer's own step: of its output or memory with respect to its net input, its
/// previous output and memory, and its own parameters. They come from pull-backs of unit vectors,
/// so they are transposed: a column for each unit, or a single column of diagonals if units are
/// independent.
template <class Net, int L>
class StepJacobian {
 public:
  using S = typename Net::Scalar;
  using P = Pass<Net, 1>;
  using Arch = typename Net::ArchitectureType;
  using Type = typename P::template LayerType<L>;
  using Shape = TangentShape<Arch, L>;
  static constexpr bool is_diagonal = units_are_independent<Type>;
  static constexpr bool has_previous = Net::Graph::feeds_itself(L);

  static Size scratch_size(const Arch& architecture) {
    const Index units = architecture.template units<L>();
    const Size rows = Size(Shape::net_rows(architecture)) + Size(units) * 2 +
                      architecture.template own_count<L>();
    return rows * (is_diagonal ? 1 : units) + units;
  }
  static Index product_scratch_size(const Arch& architecture) {
    return product_scratch<S>(Shape::net_rows(architecture), architecture.template units<L>(),
                              Shape::columns(architecture));
  }

  StepJacobian(const P& pass, S* scratch, S* product_scratch)
      : pass_(pass),
        units_(pass.template units<L>()),
        rows_(Shape::net_rows(pass.architecture())),
        columns_(is_diagonal ? 1 : units_),
        own_(pass.architecture().template own_count<L>()),
        by_net_(scratch),
        by_previous_(by_net_ + rows_ * columns_),
        by_memory_(by_previous_ + units_ * columns_),
        by_own_(by_memory_ + units_ * columns_),
        d_output_(by_own_ + own_ * columns_),
        product_scratch_(product_scratch) {}

  /// Runs the pull-backs for one result.
  void evaluate(StepResult of) const {
    for (Index j = 0; j < columns_; ++j) {
      LayerPullBack<S> at = pass_.template layer_pull_back<L>(0, 1, nullptr);
      at.net = by_net_ + j * rows_;
      at.d_output = d_output_;
      at.d_memory = has_memory<Type>() ? by_memory_ + j * units_ : nullptr;
      at.d_output_before = has_previous ? by_previous_ + j * units_ : nullptr;
      at.d_own = by_own_ + j * own_;
      copy_numbers(pass_.template net<L>(), at.net, rows_);
      for (Index i = 0; i < own_; ++i) at.d_own[i] = S(0);
      for (Index i = 0; i < units_; ++i) {
        const bool asked = is_diagonal || i == j;
        d_output_[i] = S(asked && of == StepResult::Output);
        by_memory_[j * units_ + i] = S(asked && of == StepResult::Memory);
        by_previous_[j * units_ + i] = S(0);
      }
      run_pull_back(pass_.architecture().template layer<L>(), at);
    }
  }

  /// to ← the matrix of the result's tangent: the sum of each Jacobian times the tangent of its
  /// argument.
  void multiply(const S* net, const Tangents<Net>& tangents, const MatrixView<S>& to) const {
    if (to.cols() == 0) return;  // no parameter affects the layer: net may be null
    add<StartAtZero>(by_net_, net, rows_, to);
    for (Index gate = units_; is_diagonal && gate < rows_; gate += units_) {
      add<StartAtOutput>(by_net_ + gate, net + gate, rows_, to);
    }
    if constexpr (has_previous) {
      add<StartAtOutput>(by_previous_, tangents.template output<L>(1).data, units_, to);
    }
    if constexpr (has_memory<Type>()) {
      add<StartAtOutput>(by_memory_, tangents.template memory<L>(1).data, units_, to);
    }
  }

  /// Adds the immediate Jacobian with respect to the layer's own parameters to the columns of a
  /// tangent.
  void add_own(S* to) const {
    const Index first = pass_.architecture().template own_offset<L>();
    for (Index q = 0; q < own_; ++q) {
      for (Index i = 0; i < units_; ++i) {
        const bool is_felt = !is_diagonal || i == q % units_;
        const Index column = is_diagonal ? 0 : i;
        if (is_felt) to[(first + q) * units_ + i] += by_own_[column * own_ + q];
      }
    }
  }

  /// The diagonals: net_gates·units numbers, units, units, and as many as the layer's own
  /// parameters.
  [[nodiscard]] const S* by_net() const requires is_diagonal { return by_net_; }
  [[nodiscard]] const S* by_previous() const requires is_diagonal { return by_previous_; }
  [[nodiscard]] const S* by_memory() const requires is_diagonal { return by_memory_; }
  [[nodiscard]] const S* by_own() const requires is_diagonal { return by_own_; }
  [[nodiscard]] Index own_count() const { return own_; }

 private:
  /// to ← (zero or to) + Jacobian · from
  template <class Start>
  void add(const S* jacobian, const S* from, Index from_rows, const MatrixView<S>& to) const {
    if constexpr (is_diagonal) {
      diagonal_affine(jacobian, ConstMatrixView<S>(from, units_, to.cols(), from_rows), to, Start{},
                      Unchanged{});
    } else if (to.cols() > 0) {
      detail::back(ConstMatrixView<S>(jacobian, from_rows, units_),
                   ConstMatrixView<S>(from, from_rows, to.cols()), to, Start{}, product_scratch_);
    }
  }

  const P& pass_;
  Index units_, rows_, columns_, own_;
  S *by_net_, *by_previous_, *by_memory_, *by_own_;
  S* d_output_;  ///< the unit vector
  S* product_scratch_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
