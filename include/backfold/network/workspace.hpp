// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/array.hpp"
#include "backfold/network/network.hpp"
#include "backfold/network/workspace_plan.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A workspace up to this many bytes is stored in the object; a larger one is on the heap, so that
/// it can be a local variable.
inline constexpr Index largest_inline_workspace = 65536;

}  // namespace detail

/// Numbers of one pass through a network: outputs, net inputs and deltas of all layers, in one
/// buffer. Make one for each thread and keep it. Allocations occur in the constructor, in
/// `reserve`, and in a use that needs more than those before: more samples, steps or units, a
/// purpose that keeps more, or the first lengths of sequences. With a static Batch, a small network
/// of static sizes needs no heap if it has no delays or takes single steps.
///
///     Workspace workspace(net, 32, steps);                          // for gradients too
///     Workspace outputs(net, 32, steps, Purpose::Forward);          // for `run` and `loss_of`
///
/// For gradients its size in numbers is about Σ_l (2(history_l + steps) +
/// gates_l·steps)·units_l·batch, plus the recurrent weights. Forward alone needs only the largest
/// amount that is in use at one time.
///
/// @tparam Most `Purpose::Step` for single steps alone; any other allows all purposes
template <class Net, Index Batch = Dynamic, Purpose Most = Purpose::Tangent>
class Workspace {
 public:
  using Scalar = typename Net::Scalar;
  using ArchitectureType = typename Net::ArchitectureType;
  using Plan = detail::WorkspacePlan<Net::layer_count>;
  static constexpr bool takes_single_steps = Most == Purpose::Step;
  static constexpr Index fixed_steps =
      takes_single_steps || !Net::Graph::is_recurrent ? Index{1} : Dynamic;

  static constexpr bool has_fixed_shape = Net::fixed && Batch != Dynamic && fixed_steps == 1;

  /// Largest shape of a workspace in the object, which serves all purposes.
  static constexpr detail::PassShape inline_shape{Batch, 1, Most, true};
  /// Its layout, worked out once for a type.
  static constexpr Plan inline_plan = [] {
    if constexpr (has_fixed_shape) {
      return Plan::of(ArchitectureType{}, inline_shape);
    } else {
      return Plan{};
    }
  }();
  static constexpr bool is_inline = has_fixed_shape && inline_plan.size * Index{sizeof(Scalar)} <=
                                                           detail::largest_inline_workspace;

  explicit Workspace(const Net& net, Index batch = Batch == Dynamic ? 1 : Batch, Index steps = 1,
                     Purpose purpose = Purpose::Gradient)
      : Workspace(net, detail::PassShape{batch, steps, purpose}) {}
  /// Allocates for passes of a shape.
  Workspace(const Net& net, const detail::PassShape& shape) { reserve(net.architecture(), shape); }

  /// Takes the shape of another workspace, without copying its numbers.
  struct ShapeOf {
    const Workspace& other;
  };
  explicit Workspace(const ShapeOf& shape)
      : plan_(shape.other.plan_), sizes_(shape.other.sizes_), shape_(shape.other.shape_) {
    if constexpr (!is_inline) buffer_ = detail::Array<Scalar>(shape.other.buffer_.size());
  }

  /// Allocates for passes of up to `batch` samples and `steps` steps.
  void reserve(const ArchitectureType& architecture, Index batch, Index steps,
               Purpose purpose = Purpose::Gradient) {
    reserve(architecture, detail::PassShape{batch, steps, purpose});
  }

  /// Lays out the pieces for a pass and these sizes of layers, unless the present layout serves;
  /// grows the buffer if needed.
  void shape(const ArchitectureType& architecture, const detail::PassShape& pass) {
    if constexpr (Batch != Dynamic && fixed_steps == 1) {
      if (pass.batch != Batch || pass.steps != 1) {
        fail_argument("workspace: its type is for a batch of ", Batch, " and one step, got ",
                      pass.batch, " and ", pass.steps);
      }
    }
    if constexpr (!is_inline) {
      if (serves(architecture, pass)) return;
      if (Batch != Dynamic && pass.batch != Batch) {
        fail_argument("workspace: its type is for a batch of ", Batch, ", got ", pass.batch);
      }
      // Steps that may throw come first, so that a workspace that cannot grow is unchanged.
      detail::PassShape joined = shape_.joined_with(pass);
      if (takes_single_steps) joined.purpose = Purpose::Step;
      const Plan plan = Plan::of(architecture, joined);
      if (plan.size > buffer_.size()) buffer_ = detail::Array<Scalar>(plan.size);
      plan_ = plan;
      shape_ = joined;
      if constexpr (!Net::fixed) sizes_ = architecture.sizes();
    }
  }

  /// True if `shape` would not change the layout.
  [[nodiscard]] bool serves(const ArchitectureType& architecture,
                            const detail::PassShape& pass) const {
    if constexpr (is_inline) {
      return true;
    } else {
      const bool for_purpose =
          takes_single_steps ? pass.batch == shape_.batch : shape_.serves(pass);
      return for_purpose && has_room() && has_sizes_of(architecture);
    }
  }

  /// True if the buffer has the size of the plan; false after a move from it.
  [[nodiscard]] constexpr bool has_room() const {
    return is_inline || buffer_.size() >= plan().size;
  }

  /// True if a view overlaps the workspace, so that a pass overwrites it.
  [[nodiscard]] bool holds(const ConstMatrixView<Scalar>& view) const {
    return view.overlaps(buffer_.data(), buffer_.size());
  }

  [[nodiscard]] constexpr Index batch() const { return is_inline ? Batch : shape_.batch; }
  [[nodiscard]] constexpr Index steps() const { return is_inline ? 1 : shape_.steps; }

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
  void reserve(const ArchitectureType& architecture, const detail::PassShape& shape) {
    if (shape.batch < 1) {
      fail_argument("workspace: the batch needs at least one sample, got ", shape.batch);
    }
    if (shape.steps < 1) {
      fail_argument("workspace: a sequence needs at least one step, got ", shape.steps);
    }
    this->shape(architecture, shape);
  }
  [[nodiscard]] bool has_sizes_of([[maybe_unused]] const ArchitectureType& architecture) const {
    if constexpr (Net::fixed) {
      return true;
    } else {
      return sizes_ == architecture.sizes();
    }
  }

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
  detail::PassShape shape_{0, 0, Purpose::Forward};
};

BACKFOLD_END_NAMESPACE
