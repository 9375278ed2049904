// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "backfold/core/array.hpp"
#include "backfold/core/sized_map.hpp"
#include "backfold/network/network.hpp"
#include "backfold/network/workspace.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Copies some rows of each column to the columns of a block.
template <class S>
BACKFOLD_NO_INLINE void copy_rows(const ConstMatrixView<S>& from, Index first_row, Index rows,
                                  S* to) {
  for (Index b = 0; b < from.cols(); ++b) {
    copy_numbers(from.column(b) + first_row, to + b * rows, rows);
  }
}

}  // namespace detail

/// State of a recurrent network between steps: the past outputs of each source of a delay, up to
/// the longest delay, and the memories of cells. It is a value that the caller owns.
///
/// All its numbers are one vector: `values()`, layer by layer, the oldest outputs first and then
/// the memory, each units × batch. It starts at zero, or at the network's LearntStart. The buffer
/// of `step` follows in memory; it is neither part of the value nor copied.
///
///     const Eigen::VectorXd saved = state.values();
///     const double distance = (a.values() - b.values()).norm();
template <class Net, Index Batch = Dynamic>
class State {
 public:
  using S = typename Net::Scalar;
  using Arch = typename Net::ArchitectureType;
  using Graph = typename Net::Graph;

  explicit State(const Net& net, Index batch = Batch == Dynamic ? 1 : Batch)
      : architecture_(net.architecture()), workspace_(net, batch) {
    reset(net);
  }

  /// Copies the remembered numbers alone.
  State(const State& other)
      : architecture_(other.architecture_), workspace_(ShapeOf{other.workspace_}) {
    copy_values(other);
  }
  State(State&&) noexcept = default;
  State& operator=(State&&) noexcept = default;
  /// Allocates nothing if sizes are equal.
  State& operator=(const State& other) {
    if (this == &other) return *this;
    const bool fits = workspace_.serves(other.architecture_, {.batch = other.batch()});
    if (!fits || !other.workspace_.has_room()) return *this = State(other);
    architecture_ = other.architecture_;
    copy_values(other);
    return *this;
  }
  ~State() = default;

  /// Resets the state to zero.
  void reset() {
    static_assert(!Graph::learns_start,
                  "backfold: this network learns what is before the first step: give it to reset");
    set_zero();
  }
  /// Resets to the state of `net` before the first step: its LearntStart, otherwise zero.
  void reset(const Net& net) {
    set_zero();
    if constexpr (Graph::learns_start) {
      check_units(net.architecture());
      detail::check_parameters(net);
      for_each_index<Arch::layer_count>([&](auto l) { set_start<l()>(net); });
    }
  }

  /// Number of values.
  [[nodiscard]] Index size() const { return workspace_.plan().remembered; }

  /// View of all values as one vector. Assigning another length throws std::invalid_argument.
  auto values() {
    check_room();
    return detail::SizedMap<Vector<S>, fixed_size, 1>(workspace_.at(0), size(), 1);
  }
  [[nodiscard]] auto values() const {
    check_room();
    return Eigen::Map<const Vector<S>>(workspace_.at(0), size());
  }

  [[nodiscard]] Index batch() const { return workspace_.batch(); }

  /// Changes the batch size; a different one resets the state to zero.
  void resize(Index batch) {
    if (batch == this->batch() && workspace_.has_room()) return;
    workspace_.reserve(architecture_, batch, 1);
    set_zero();
  }

  /// @throws std::invalid_argument unless it is for this batch size and layers of these sizes
  void check_fits(const Arch& architecture, Index batch) const {
    if (batch != this->batch()) {
      fail_argument("state: it is for a batch of ", this->batch(), ", the data have ", batch);
    }
    check_units(architecture);
  }
  /// Checks the units alone, if the batch is known to fit.
  void check_units(const Arch& architecture) const {
    check_room();
    for_each_index<Arch::layer_count>([&](auto l) {
      const Index own = architecture_.template units<l()>();
      const Index other = architecture.template units<l()>();
      if (own != other) {
        fail_argument("state: its layer ", l(), " has ", own, " units, the network's ", other);
      }
    });
  }

  /// Output of layer L `delay` steps ago, units × batch.
  /// @throws std::invalid_argument for a delay below 1 or longer than the longest of the layer
  template <int L>
  auto output(int delay = 1) {
    return view<L>(workspace_.at(workspace_.plan().layers[L].past_output), block_of<L>(delay));
  }
  template <int L>
  [[nodiscard]] auto output(int delay = 1) const {
    return view<L>(workspace_.at(workspace_.plan().layers[L].past_output), block_of<L>(delay));
  }

  /// Memory of cell layer L (the cell state c of an LSTM), units × batch.
  template <int L>
  auto memory() {
    static_assert(has_memory<L>(), "backfold: this layer has no memory beside its output");
    return view<L>(workspace_.at(workspace_.plan().layers[L].past_memory), 0);
  }
  template <int L>
  [[nodiscard]] auto memory() const {
    static_assert(has_memory<L>(), "backfold: this layer has no memory beside its output");
    return view<L>(workspace_.at(workspace_.plan().layers[L].past_memory), 0);
  }

  template <int L>
  static constexpr bool has_memory() {
    if constexpr (L == 0) {
      return false;
    } else {
      return detail::has_memory<typename Arch::template LayerType<L>>();
    }
  }

  /// For the functions that run networks.
  auto& workspace() { return workspace_; }
  /// A block of layer L's past, for these functions: its outputs k + 1 steps ago or, after the
  /// oldest, its memory.
  template <int L>
  [[nodiscard]] const S* past_block([[maybe_unused]] int k) const {
    if constexpr (Graph::history(L) > 0) {
      if (k < Graph::history(L)) return output<L>(k + 1).data();
    }
    if constexpr (has_memory<L>()) return memory<L>().data();
    return nullptr;
  }
  template <int L>
  S* past_block(int k) {
    return const_cast<S*>(std::as_const(*this).template past_block<L>(k));
  }

 private:
  using StepWorkspace = Workspace<Net, Batch, Purpose::Step>;
  using ShapeOf = typename StepWorkspace::ShapeOf;
  static constexpr Index fixed_size = [] {
    if constexpr (Net::fixed && Batch != Dynamic) {
      return StepWorkspace::Plan::of(Arch{}, StepWorkspace::inline_shape).remembered;
    } else {
      return Dynamic;
    }
  }();

  void copy_values(const State& other) {
    detail::copy_numbers(other.workspace_.at(0), workspace_.at(0),
                         other.workspace_.has_room() ? size() : 0);
  }

  void set_zero() {
    check_room();
    for (Index i = 0; i < size(); ++i) workspace_.at(0)[i] = S(0);
  }

  template <int L>
  void set_start([[maybe_unused]] const Net& net) {
    constexpr int columns = Graph::start_columns(L);
    for (int k = 0; k < columns; ++k) {
      const Index units = architecture_.template units<L>();
      const S* const from =
          net.parameters().data() + architecture_.template start_offset<L>() + k * units;
      S* const to = past_block<L>(k);
      detail::copy_rows<S>({from, units, batch(), 0}, 0, units, to);  // one column for all
    }
  }

  void check_room() const {
    if (!workspace_.has_room()) fail_argument("state: it has been moved from");
  }

  /// Index of the block with layer L's outputs `delay` steps ago.
  template <int L>
  static Index block_of(int delay) {
    constexpr int history = Graph::history(L);
    static_assert(history > 0, "backfold: no delayed connection leads from this layer");
    if (delay < 1 || delay > history) {
      fail_argument("state: layer ", L, " remembers ", history, history == 1 ? " step" : " steps",
                    ", got delay ", delay);
    }
    return history - delay;
  }

  template <int L, class T>
  [[nodiscard]] auto view(T* piece, Index block) const {
    check_room();
    const Index units = architecture_.template units<L>();
    T* const numbers = piece + block * units * batch();
    if constexpr (std::is_const_v<T>) {
      return Eigen::Map<const Matrix<S>>(numbers, units, batch());
    } else {
      return detail::SizedMap<Matrix<S>, Arch::template units_at_compile_time<L>, Batch>(
          numbers, units, batch());
    }
  }

  Arch architecture_;
  StepWorkspace workspace_;
};

BACKFOLD_END_NAMESPACE
