// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/network/resets.hpp"
#include "backfold/network/workspace.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Mode and noise of a pass.
struct PassSettings {
  Mode mode = Mode::Inference;
  Noise noise{};
};

/// View of one run of a network over a batch: pointers to each layer's numbers. It owns nothing.
///
/// Block t of a layer is its batch at step t; blocks with t < 0 precede the first step.
///
/// @tparam Most as in Workspace
/// @tparam GraphType the schedule: the network's, or one that closes a loop around it
template <class Net, Index Batch, Purpose Most = Purpose::Tangent,
          class GraphType = typename Net::Graph>
class Pass {
 public:
  using S = typename Net::Scalar;
  using Arch = typename Net::ArchitectureType;
  using Graph = GraphType;
  template <int L>
  using LayerType = typename Arch::template LayerType<L>;
  template <int L>
  static constexpr Index units_at_compile_time = Arch::template units_at_compile_time<L>;

  static constexpr bool takes_single_steps = Most == Purpose::Step;

  /// True if sequences can be reset inside the pass.
  static constexpr bool may_reset =
      !takes_single_steps && Graph::is_recurrent && !closes_loop<Graph>;

  /// Columns of a step, and of all steps, if static.
  static constexpr Index step_columns = Batch;
  static constexpr Index all_columns =
      Workspace<Net, Batch, Most>::fixed_steps == 1 ? Batch : Dynamic;

  /// A pass without inputs so far.
  Pass(const Arch& architecture, const S* w, Workspace<Net, Batch, Most>& workspace,
       const PassSettings& settings = {})
      : architecture_(architecture), w_(w), workspace_(workspace), settings_(settings) {}

  /// Reads the input from the caller's memory: features × (batch·steps).
  void read_input(const ConstMatrixView<S>& input) {
    input_ = input.data();
    input_stride_ = input.outerStride();
  }
  /// Reads the input from its copy in the workspace.
  void read_own_input() {
    input_ = own_output<0>();
    input_stride_ = units<0>();
  }

  /// Resets sequences before steps. @pre the workspace is laid out for it
  void reset_at(const Resets& resets) { resets_ = resets; }
  [[nodiscard]] const Resets& resets() const { return resets_; }

  [[nodiscard]] const Arch& architecture() const { return architecture_; }
  [[nodiscard]] Workspace<Net, Batch, Most>& workspace() const { return workspace_; }
  [[nodiscard]] Index batch() const { return Batch == Dynamic ? workspace_.batch() : Batch; }
  [[nodiscard]] Index steps() const {
    // With a Dynamic batch, a network without delays may have several steps too.
    constexpr bool is_one = takes_single_steps || (!Net::Graph::is_recurrent && Batch != Dynamic);
    return is_one ? 1 : workspace_.steps();
  }
  [[nodiscard]] Index columns() const {
    return all_columns != Dynamic ? all_columns : batch() * steps();
  }
  [[nodiscard]] S* scratch() const { return workspace_.at(workspace_.plan().scratch); }
  [[nodiscard]] S* spare_block() const { return workspace_.at(workspace_.plan().block); }
  [[nodiscard]] S* since_reset() const { return workspace_.at(workspace_.plan().since_reset); }
  [[nodiscard]] S* hidden() const { return workspace_.at(workspace_.plan().hidden); }
  [[nodiscard]] S* column_weights() const { return workspace_.at(workspace_.plan().weights); }

  template <int L>
  [[nodiscard]] Index units() const {
    return architecture_.template units<L>();
  }

  /// The output of layer L in block t.
  template <int L>
  [[nodiscard]] auto output(Index t) const {
    using View = ConstMatrixView<S, units_at_compile_time<L>, step_columns>;
    return View(output_data<L>(t), units<L>(), batch(), output_stride<L>());
  }
  /// The output of layer L in all steps, `delay` steps ago.
  template <int L>
  [[nodiscard]] auto outputs(Index delay = 0) const {
    using View = ConstMatrixView<S, units_at_compile_time<L>, all_columns>;
    return View(output_data<L>(-delay), units<L>(), columns(), output_stride<L>());
  }
  template <int L>
  [[nodiscard]] S* own_output(Index t = 0) const {
    const LayerPieces& pieces = workspace_.plan().layers[L];
    if (takes_single_steps && t < 0) return block<L>(pieces.past_output, Graph::history(L) + t);
    return block<L>(pieces.output, t);
  }

  /// ∂E/∂x of layer L in block t, later replaced by its delta.
  template <int L>
  [[nodiscard]] S* delta(Index t = 0) const {
    return block<L>(workspace_.plan().layers[L].delta, Graph::history(L) + t);
  }

  /// The net input of layer L in block t, if it is kept.
  template <int L>
  [[nodiscard]] S* net(Index t = 0) const {
    constexpr int gates = net_gates<LayerType<L>>();
    return block<L>(workspace_.plan().layers[L].net, gates * t);
  }

  template <int L>
  [[nodiscard]] S* memory(Index t) const {
    const LayerPieces& pieces = workspace_.plan().layers[L];
    if (takes_single_steps && t < 0) return block<L>(pieces.past_memory, 1 + t);
    return block<L>(pieces.memory, t);
  }
  template <int L>
  [[nodiscard]] S* d_memory() const {
    return workspace_.at(workspace_.plan().layers[L].d_memory);
  }

  /// Inputs of cell layer L at step t: its previous output and the delta of that, null without a
  /// connection from itself; its memory, null if it has none.
  template <int L>
  [[nodiscard]] S* previous_output(Index t) const {
    return Graph::feeds_itself(L) ? own_output<L>(t - 1) : nullptr;
  }
  template <int L>
  [[nodiscard]] S* previous_delta(Index t) const {
    return Graph::feeds_itself(L) ? delta<L>(t - 1) : nullptr;
  }
  template <int L>
  [[nodiscard]] S* memory_or_null(Index t) const {
    return Graph::has_memory[L] ? memory<L>(t) : nullptr;
  }
  template <int L>
  [[nodiscard]] S* d_memory_or_null() const {
    return Graph::has_memory[L] ? d_memory<L>() : nullptr;
  }
  template <int L>
  [[nodiscard]] S* net_bias() const {
    return workspace_.at(workspace_.plan().layers[L].net_bias);
  }

  /// The weights of connection C of layer L, the rows of a part of it.
  template <int L, int C, int Gates = weight_gates<LayerType<L>>()>
  [[nodiscard]] auto weights(int weight_gate = 0) const {
    return weights_in<L, C, Gates>(w_, weight_gate);
  }
  /// That block of another vector with the layout of w (the gradient).
  template <int L, int C, int Gates, class T>
  [[nodiscard]] auto weights_in(T* w, int weight_gate) const {
    constexpr Connection c = LayerType<L>::connections[C];
    constexpr Index rows =
        units_at_compile_time<L> == Dynamic ? Dynamic : Gates * units_at_compile_time<L>;
    constexpr Index source_units = units_at_compile_time<c.source_of(L)>;
    constexpr Index cols = c.weights == Weights::Full ? source_units : c.fan_in(source_units);
    return MatrixView<T, rows, cols>(
        w + architecture_.template weights_offset<L, C>() + weight_gate * units<L>(),
        Gates * units<L>(), architecture_.template fan_in<L, C>(),
        architecture_.template block_rows<L>());
  }

  /// Buffer for the transposed weights of a connection in time; a part of the connection is a range
  /// of its columns.
  template <int L, int C, int Gates = weight_gates<LayerType<L>>()>
  [[nodiscard]] auto transposed_weights(int weight_gate = 0) const {
    constexpr Connection c = LayerType<L>::connections[C];
    constexpr Index cols =
        units_at_compile_time<L> == Dynamic ? Dynamic : Gates * units_at_compile_time<L>;
    const Index stride = architecture_.template transposed_stride<L, C>();
    return MatrixView<S, units_at_compile_time<c.source_of(L)>, cols>(
        workspace_.at(workspace_.plan().layers[L].transposed +
                      architecture_.template transposed_offset<L, C>()) +
            weight_gate * units<L>() * stride,
        architecture_.template fan_in<L, C>(), Gates * units<L>(), stride);
  }

  template <int L>
  [[nodiscard]] const S* bias() const {
    return w_ + architecture_.template bias_offset<L>();
  }

  /// A column, of `start_columns`, of the learnt start of layer L.
  template <int L>
  [[nodiscard]] const S* start(Index column) const {
    return w_ + architecture_.template start_offset<L>() + column * units<L>();
  }
  /// The learnt outputs of layer L before the first step, and its memory; null if they are zero.
  template <int L>
  [[nodiscard]] const S* output_start() const {
    if constexpr (Graph::start_columns(L) > 0) return start<L>(0);
    return nullptr;
  }
  template <int L>
  [[nodiscard]] const S* memory_start() const {
    if constexpr (Graph::start_columns(L) > 0) return start<L>(Graph::history(L));
    return nullptr;
  }

  /// Arrays of layer L's forward step: block t, or all steps if it does not step through time.
  template <int L>
  [[nodiscard]] LayerStep<S> layer_step(Index t, Index columns) const {
    return {net<L>(t),
            own_output<L>(t),
            previous_output<L>(t),
            memory_or_null<L>(t),
            memory_or_null<L>(t - 1),
            w_ + architecture_.template own_offset<L>(),
            units<L>(),
            columns,
            settings_.mode,
            LayerNoise(settings_.noise, L, batch(), t)};
  }
  /// Arrays of layer L's pull-back.
  template <int L>
  [[nodiscard]] LayerPullBack<S> layer_pull_back(Index t, Index columns, S* gradient) const {
    return {net<L>(t),
            own_output<L>(t),
            previous_output<L>(t),
            memory_or_null<L>(t),
            memory_or_null<L>(t - 1),
            w_ + architecture_.template own_offset<L>(),
            delta<L>(t),
            d_memory_or_null<L>(),
            previous_delta<L>(t),
            gradient == nullptr ? nullptr : gradient + architecture_.template own_offset<L>(),
            units<L>(),
            columns,
            settings_.mode,
            LayerNoise(settings_.noise, L, batch(), t)};
  }

 private:
  template <int L>
  [[nodiscard]] S* block(Index offset, Index blocks) const {
    return workspace_.at(offset) + blocks * units<L>() * batch();
  }
  template <int L>
  static constexpr bool reads_callers_input = L == 0 && Graph::history(0) == 0;

  template <int L>
  [[nodiscard]] const S* output_data(Index t) const {
    if constexpr (reads_callers_input<L>) {
      return input_ + t * batch() * input_stride_;
    } else {
      return own_output<L>(t);
    }
  }
  template <int L>
  [[nodiscard]] Index output_stride() const {
    if constexpr (reads_callers_input<L>) {
      return input_stride_;
    } else {
      return units<L>();
    }
  }

  const Arch& architecture_;
  const S* w_;
  const S* input_ = nullptr;
  Index input_stride_ = 0;
  Workspace<Net, Batch, Most>& workspace_;
  PassSettings settings_;
  Resets resets_{};
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
