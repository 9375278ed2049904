// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/array.hpp"
#include "backfold/network/network.hpp"
#include "backfold/network/workspace_plan.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A workspace up to this many bytes lies in the object; a larger one on the heap, so that it can
/// be a local variable.
inline constexpr Index largest_inline_workspace = 65536;

}  // namespace detail

/// The numbers of one pass through a network: outputs, net inputs and deltas of all layers, in one
/// buffer. Make one for each thread and keep it: only making it, `reserve`, and a use with more
/// samples, steps or units than before allocate. With a fixed Batch, a small network of fixed sizes
/// needs no heap at all, if it has no delays or takes single steps.
///
/// Its size in numbers is about Σ_l (2(history_l + steps) + gates_l·steps)·units_l·batch, and the
/// weights of its loops.
template <class Net, Index Batch = Dynamic, Purpose For = Purpose::Gradient>
class Workspace {
 public:
  using Scalar = typename Net::Scalar;
  using ArchitectureType = typename Net::ArchitectureType;
  using Plan = detail::WorkspacePlan<Net::layer_count>;
  static constexpr Index fixed_steps =
      For == Purpose::Step || !Net::Graph::is_recurrent ? Index{1} : Dynamic;
  static constexpr bool is_inline = [] {
    if constexpr (Net::fixed && Batch != Dynamic && fixed_steps == 1) {
      const Index size = Plan::of(ArchitectureType{}, For, Batch, 1).size;
      return size * Index{sizeof(Scalar)} <= detail::largest_inline_workspace;
    } else {
      return false;
    }
  }();

  explicit Workspace(const Net& net, Index batch = Batch == Dynamic ? 1 : Batch, Index steps = 1) {
    reserve(net.architecture(), batch, steps);
  }

  /// One of the shape of another, without a copy of its numbers.
  struct ShapeOf {
    const Workspace& other;
  };
  explicit Workspace(const ShapeOf& shape)
      : plan_(shape.other.plan_),
        sizes_(shape.other.sizes_),
        batch_(shape.other.batch_),
        steps_(shape.other.steps_) {
    if constexpr (!is_inline) buffer_ = detail::Array<Scalar>(shape.other.buffer_.size());
  }

  /// Makes room for passes of up to `batch` samples and `steps` steps. Allocates.
  void reserve(const ArchitectureType& architecture, Index batch, Index steps) {
    if (batch < 1) fail_argument("workspace: the batch needs at least one sample, got ", batch);
    if (steps < 1) fail_argument("workspace: a sequence needs at least one step, got ", steps);
    shape(architecture, batch, steps);
  }

  /// Lays the pieces out for exactly `batch` samples and `steps` steps, and these sizes of layers;
  /// grows the buffer if it must.
  void shape(const ArchitectureType& architecture, Index batch, Index steps) {
    if constexpr (Batch != Dynamic && fixed_steps == 1) {
      if (batch != Batch || steps != 1) {
        fail_argument("workspace: its type is for a batch of ", Batch, " and one step, got ", batch,
                      " and ", steps);
      }
    }
    if constexpr (!is_inline) {
      if (has_shape(architecture, batch, steps)) return;
      if (Batch != Dynamic && batch != Batch) {
        fail_argument("workspace: its type is for a batch of ", Batch, ", got ", batch);
      }
      // Steps that may throw come first, so that a workspace that cannot grow stays as it is.
      const Plan plan = Plan::of(architecture, For, batch, steps);
      if (plan.size > buffer_.size()) buffer_ = detail::Array<Scalar>(plan.size);
      plan_ = plan;
      batch_ = batch;
      steps_ = steps;
      if constexpr (!Net::fixed) sizes_ = architecture.sizes();
    }
  }

  /// True if `shape` would leave everything where it is.
  [[nodiscard]] bool has_shape(const ArchitectureType& architecture, Index batch,
                               Index steps) const {
    if constexpr (is_inline) {
      return true;
    } else {
      return batch == batch_ && steps == steps_ && has_room() && has_sizes_of(architecture);
    }
  }

  /// True if it has the numbers that its plan asks for: what was moved from has not.
  [[nodiscard]] constexpr bool has_room() const {
    return is_inline || buffer_.size() >= plan().size;
  }

  /// True if some numbers of a view are its own, so that a pass overwrites them.
  [[nodiscard]] bool holds(const ConstMatrixView<Scalar>& view) const {
    return view.overlaps(buffer_.data(), buffer_.size());
  }

  [[nodiscard]] constexpr Index batch() const { return is_inline ? Batch : batch_; }
  [[nodiscard]] constexpr Index steps() const { return is_inline ? 1 : steps_; }

  [[nodiscard]] constexpr const Plan& plan() const {
    if constexpr (is_inline) {
      return inline_plan;
    } else {
      return plan_;
    }
  }
  Scalar* at(Index offset) { return buffer_.data() + offset; }
  [[nodiscard]] const Scalar* at(Index offset) const { return buffer_.data() + offset; }

 private:
  struct Nothing {};
  [[nodiscard]] bool has_sizes_of([[maybe_unused]] const ArchitectureType& architecture) const {
    if constexpr (Net::fixed) {
      return true;
    } else {
      return sizes_ == architecture.sizes();
    }
  }

  static constexpr Plan inline_plan = [] {
    if constexpr (is_inline) {
      return Plan::of(ArchitectureType{}, For, Batch, 1);
    } else {
      return Plan{};
    }
  }();

  struct Inline {
    alignas(64) Scalar numbers[inline_plan.size + 1];
    Scalar* data() { return numbers; }
    const Scalar* data() const { return numbers; }
    static constexpr Index size() { return inline_plan.size; }
  };

  std::conditional_t<is_inline, Inline, detail::Array<Scalar>> buffer_;
  [[no_unique_address]] std::conditional_t<is_inline, Nothing, Plan> plan_;
  [[no_unique_address]] std::conditional_t<Net::fixed, Nothing, std::array<Index, Net::layer_count>>
      sizes_{};
  Index batch_ = 0;
  Index steps_ = 0;
};

BACKFOLD_END_NAMESPACE
