// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/size.hpp"
#include "backfold/network/forward.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The derivatives P of what a network remembers by its parameters, carried forward in time: for
/// each layer a matrix with a column for each parameter that reaches it, of its output now and as
/// many steps ago as delays need, and of its memory.
///
/// One step is forward differentiation in all parameters at once: ∂net = Σ W ∂x of the sources,
/// plus the source's output itself where the parameter is a weight of this layer; ∂x = φ'·∂net. A
/// layer whose loops are diagonal alone needs, of its own parameters, only each row's effect on its
/// own unit: that part is kept in the shape of the layer's block ("compact").
template <class Net>
class Sensitivity {
 public:
  using S = typename Net::Scalar;
  using Arch = typename Net::ArchitectureType;
  using Graph = typename Net::Graph;
  template <int L>
  using LayerType = typename Arch::template LayerType<L>;

  explicit Sensitivity(const Arch& architecture) {
    auto counted = [](Size numbers) { return numbers.value("Rtrl: the sensitivities"); };
    Size size = 0;
    Index scratch = 0;
    Size net = 0;
    Size scaled = 0;
    Size work = 0;
    for_each_index<last_layer>([&](auto l) {
      constexpr int layer = l() + 1;
      const Index units = architecture.template units<layer>();
      const Size block = Size(units) * columns<layer>(architecture) + own_size<layer>(architecture);
      block_[layer] = counted(block);
      output_[layer] = counted(size);
      size += block * Index{Graph::history(layer) + 1};
      memory_[layer] = counted(size);
      if constexpr (has_memory<LayerType<layer>>()) size += block * 2;
      const Index rows = net_gates<LayerType<layer>>() * units;
      if constexpr (!scales_weights<layer>()) {
        net = (std::max)(net, Size(rows) * columns<layer>(architecture));
      }
      const Index widest = (std::max)(rows, architecture.template block_rows<layer>());
      work = (std::max)(work, work_size<layer>(architecture));
      for_each_index<Arch::template connection_count<layer>>([&](auto c) {
        const Index k = architecture.template fan_in<layer, c()>();
        scaled = (std::max)(scaled, Size(widest) * k);
        scratch = (std::max)(scratch, product_scratch<S>(widest, k, columns<layer>(architecture)));
      });
      scratch = (std::max)(scratch, product_scratch<S>(rows, units, columns<layer>(architecture)));
    });
    net_.resize(counted(net));
    scaled_.resize(counted(scaled));
    scratch_.resize(scratch);
    work_.resize(counted(work));
    numbers_.resize(counted(size));
    reset();
  }

  Index size() const { return numbers_.size(); }

  void reset() {
    for (Index i = 0; i < numbers_.size(); ++i) numbers_[i] = S(0);
    phase_ = {};
  }

  /// gradient ← gradient + Σ (∂E/∂past)·P, after a backward pass of the next step.
  template <class P>
  void add_past(const P& pass, S* gradient) const {
    for_each_index<last_layer>([&](auto l) {
      constexpr int layer = l() + 1;
      for (int d = 1; d <= Graph::history(layer); ++d) {
        contract<layer>(pass, pass.template delta<layer>(-d), output<layer>(d), gradient);
      }
      if constexpr (has_memory<LayerType<layer>>()) {
        contract<layer>(pass, pass.template d_memory<layer>(), memory<layer>(1), gradient);
      }
    });
  }

  /// Moves P on by the step that the pass has run forward.
  template <class P>
  void advance(const P& pass) {
    for_each_index<last_layer>([&](auto l) { differentiate<l() + 1>(pass); });
    for_each_index<last_layer>([&](auto l) {
      constexpr int layer = l() + 1;
      constexpr int kept = Graph::history(layer) + 1;
      phase_[layer] = (phase_[layer] + kept - 1) % kept;
    });
    memory_phase_ ^= 1;
  }

 private:
  /// The last layer of which anything is remembered: no parameter behind it has a past.
  static constexpr int last_layer = [] {
    int last = 0;
    for (int l = 0; l < Graph::layer_count; ++l) {
      if (Graph::history(l) > 0 || Graph::has_memory[static_cast<std::size_t>(l)]) last = l;
    }
    return last;
  }();

  /// Whether layer L feels its own past unit by unit: through one-to-one connections and memories
  /// only.
  template <int L>
  static constexpr bool is_compact() {
    if (!scales_weights<L>() && !units_are_independent<LayerType<L>>) return false;
    const Segment segment = Graph::segment_of(L);
    if (segment.first != segment.last || !segment.in_time) return false;
    for (const Link& link : Graph::links) {
      if (link.target == L && link.source == L && !is_one_to_one(link.weights)) return false;
    }
    return true;
  }

  /// Whether φ' goes into the weights: ∂x = φ'·Σ W ∂x is Σ (φ'·W) ∂x, without a pass over all
  /// columns.
  template <int L>
  static constexpr bool scales_weights() {
    if constexpr (!fuses_activation<LayerType<L>>) {
      return false;
    } else {
      return ElementwiseActivation<typename LayerType<L>::ActivationType>;
    }
  }

  /// Parameters with a column in the matrices of layer L: those of all layers that reach it, but
  /// its own where they are compact.
  template <int L>
  static Index columns(const Arch& architecture) {
    if constexpr (is_compact<L>()) {
      return architecture.template block_offset<L>();
    } else {
      return architecture.template block_offset<Graph::segment_of(L).last + 1>();
    }
  }
  template <int L>
  static Index own_size(const Arch& architecture) {
    if constexpr (is_compact<L>()) {
      return architecture.template block_offset<L + 1>() - architecture.template block_offset<L>();
    } else {
      return 0;
    }
  }

  /// The biases of a layer that gathers them, one of them 1, and what each net input gets of it.
  template <int L>
  struct BiasWork {
    Index biases, rows;
    explicit BiasWork(const Arch& architecture)
        : biases(architecture.template own_offset<L>() - architecture.template bias_offset<L>()),
          rows(net_gates<LayerType<L>>() * architecture.template units<L>()) {}
    Size size() const { return Size(biases) + rows; }
  };

  /// The local Jacobians of a layer's own step, transposed: a column for each output (or memory),
  /// or one with the diagonals alone; and the errors that its pull-back is asked with.
  template <int L>
  struct StepWork {
    Index units, rows, columns, own;
    explicit StepWork(const Arch& architecture)
        : units(architecture.template units<L>()),
          rows(net_gates<LayerType<L>>() * units),
          columns(units_are_independent<LayerType<L>> ? 1 : units),
          own(architecture.template block_offset<L + 1>() - architecture.template own_offset<L>()) {
    }
    Size size() const { return Size(columns) * (Size(rows) + Size(units) * 2 + own) + units; }
  };

  /// How much of work_ the functions for layer L take, each after the other.
  template <int L>
  static Size work_size(const Arch& architecture) {
    const Index units = architecture.template units<L>();
    if constexpr (!fuses_activation<LayerType<L>>) {
      // Of a compact layer both are needed at once.
      return BiasWork<L>(architecture).size() + StepWork<L>(architecture).size();
    } else {
      return scales_weights<L>() ? Size(units) : Size(units) * units;
    }
  }

  template <int L>
  S* output(int delay) {
    const int slot = (phase_[L] + delay) % (Graph::history(L) + 1);
    return numbers_.data() + output_[L] + slot * block_[L];
  }
  template <int L>
  const S* output(int delay) const {
    return const_cast<Sensitivity*>(this)->output<L>(delay);
  }
  template <int L>
  S* memory(int delay) {
    return numbers_.data() + memory_[L] + ((memory_phase_ + delay) & 1) * block_[L];
  }
  template <int L>
  const S* memory(int delay) const {
    return const_cast<Sensitivity*>(this)->memory<L>(delay);
  }

  template <int L, class P>
  void contract(const P& pass, const S* v, const S* p, S* gradient) const {
    const Index units = pass.template units<L>();
    const Index n = columns<L>(pass.architecture());
    if (n > 0) {
      back(ConstMatrixView<S>(p, units, n), ConstMatrixView<S, Dynamic, 1>(v, units, 1),
           MatrixView<S, Dynamic, 1>(gradient, n, 1), FromOutput{},
           const_cast<S*>(scratch_.data()));
    }
    if constexpr (is_compact<L>()) {
      const S* const own = p + units * n;
      S* const g = gradient + n;
      const Index count = own_size<L>(pass.architecture()) / units;
      for (Index j = 0; j < count; ++j) {
        for (Index i = 0; i < units; ++i) g[j * units + i] += v[i] * own[j * units + i];
      }
    }
  }

  template <int L, class P>
  void differentiate(const P& pass) {
    using Type = LayerType<L>;
    const Index units = pass.template units<L>();
    const Index rows = net_gates<Type>() * units;
    const Index n = columns<L>(pass.architecture());
    S* const net = scales_weights<L>() ? output<L>(0) : net_.data();
    [[maybe_unused]] const S* const slope = slopes<L>(pass);
    constexpr int opening = first_through<L>();
    Index reached = 0;
    if constexpr (opening >= 0) {
      constexpr int source = Type::connections[opening].source_of(L);
      reached = (std::min)(columns<source>(pass.architecture()), n);
      through<L, opening, source, net_gates<Type>(), FromZero>(pass, parts<Type>(opening)[0], slope,
                                                               net);
    }
    for (Index i = rows * reached; i < rows * n; ++i) net[i] = S(0);
    for_each_index<Arch::template connection_count<L>>([&](auto c) {
      constexpr Connection connection = Type::connections[c()];
      constexpr int source = connection.source_of(L);
      constexpr auto part_list = parts<Type>(c());
      for_each_index<part_list.size()>([&](auto p) {
        constexpr Part part = part_list[p()];
        constexpr bool differentiable = connection.weights != Weights::Lookup;
        if constexpr (differentiable && source > 0 && source <= last_layer && c() != opening) {
          through<L, c(), source, part.gates, FromOutput>(pass, part, slope, net);
        }
        if constexpr (!is_compact<L>())
          immediate<L, c(), source, part.gates>(pass, part, slope, net);
      });
    });
    if constexpr (!is_compact<L>()) immediate_bias<L>(pass, slope, net);
    if constexpr (!fuses_activation<Type>) {
      through_step<L>(pass, net);
    } else {
      if constexpr (is_compact<L>()) own_parameters<L>(pass, slope);
      if constexpr (!scales_weights<L>()) through_columns<L>(pass, net, n);
    }
  }

  /// A connection of layer L that reaches all of ∂net, so that nothing need be cleared before; or
  /// −1.
  template <int L>
  static constexpr int first_through() {
    using Type = LayerType<L>;
    for (std::size_t c = 0; c < Type::connections.size(); ++c) {
      const int source = Type::connections[c].source_of(L);
      const auto part_list = parts<Type>(static_cast<int>(c));
      if (Type::connections[c].weights == Weights::Lookup) continue;
      const bool whole = part_list.size() == 1 && part_list[0].gates == net_gates<Type>();
      if (source == L && whole && !is_compact<L>()) return static_cast<int>(c);
    }
    return -1;
  }

  /// ∂net ← (zero or ∂net) + W ∂x of a source.
  template <int L, int C, int Source, int Gates, class Start, class P>
  void through(const P& pass, const Part& part, [[maybe_unused]] const S* slope, S* net) {
    using Type = LayerType<L>;
    constexpr Connection connection = Type::connections[C];
    const Index units = pass.template units<L>();
    const Index rows = net_gates<Type>() * units;
    const Index from_units = pass.template units<Source>();
    const Index n =
        (std::min)(columns<Source>(pass.architecture()), columns<L>(pass.architecture()));
    const S* const from = output<Source>(connection.delay);
    const ConstMatrixView<S> w = scaled_weights<L, C, Gates>(pass, part, slope);
    S* const to = net + part.net_gate * units;
    if (n > 0) {
      const ConstMatrixView<S> x(from, from_units, n);
      const MatrixView<S> y(to, Gates * units, n, rows);
      if constexpr (connection.is_one_to_one()) {
        diagonal_affine(w.data(), x, y, Start{}, Identity{});
      } else {
        affine(w, x, y, Start{}, Identity{}, scratch_.data());
      }
    }
    if constexpr (is_compact<Source>() && Source != L) {
      // Each own parameter of the source moves one of its units.
      const S* const own = from + from_units * n;
      const Index count = own_size<Source>(pass.architecture());
      for (Index q = 0; q < count; ++q) {
        const Index unit = q % from_units;
        S* const column = to + (n + q) * rows;
        if constexpr (connection.is_one_to_one()) {
          column[unit] += w(unit, 0) * own[q];
        } else {
          for (Index i = 0; i < Gates * units; ++i) column[i] += w(i, unit) * own[q];
        }
      }
    }
  }

  /// The weights of a part, ones where a connection has none, times φ' where it goes into them.
  template <int L, int C, int Gates, class P>
  ConstMatrixView<S> scaled_weights(const P& pass, const Part& part,
                                    [[maybe_unused]] const S* slope) {
    constexpr bool none = LayerType<L>::connections[C].weights == Weights::Identity;
    const auto w = pass.template weights<L, C, Gates>(part.weight_gate);
    const MatrixView<S> scaled(scaled_.data(), w.rows(), none ? 1 : w.cols());
    if constexpr (none) {
      for (Index i = 0; i < w.rows(); ++i) scaled.data()[i] = scales_weights<L>() ? slope[i] : S(1);
      return scaled;
    } else {
      const ConstMatrixView<S> plain(w.data(), w.rows(), w.cols(), w.outerStride());
      if constexpr (!scales_weights<L>()) return plain;
      diagonal_affine(slope, plain, scaled, FromZero{}, Identity{});
      return scaled;
    }
  }

  /// What the weight of column j of connection C multiplies, in row i.
  template <int L, int C, class P>
  static S multiplied(const P& pass, Index i, Index j) {
    constexpr Connection connection = LayerType<L>::connections[C];
    const auto x = pass.template output<connection.source_of(L)>(-connection.delay);
    if constexpr (connection.weights == Weights::Lookup) {
      return S(x(0, 0) == static_cast<S>(j));
    } else {
      return x(connection.is_one_to_one() ? i : j, 0);
    }
  }

  /// ∂net of unit i by its weight from source unit j: the source's output.
  template <int L, int C, int Source, int Gates, class P>
  void immediate(const P& pass, const Part& part, [[maybe_unused]] const S* slope, S* net) const {
    using Type = LayerType<L>;
    const Index units = pass.template units<L>();
    const Index rows = net_gates<Type>() * units;
    const Index block_rows = pass.architecture().template block_rows<L>();
    const Index first = pass.architecture().template weights_offset<L, C>();
    const Index fan_in = pass.architecture().template fan_in<L, C>();
    for (Index j = 0; j < fan_in; ++j) {
      const Index column = first + j * block_rows + part.weight_gate * units;
      for (Index i = 0; i < Gates * units; ++i) {
        const S from = multiplied<L, C>(pass, i % units, j);
        net[(column + i) * rows + part.net_gate * units + i] +=
            scales_weights<L>() ? slope[i] * from : from;
      }
    }
  }

  /// ∂net by the layer's biases.
  template <int L, class P>
  void immediate_bias(const P& pass, [[maybe_unused]] const S* slope, S* net) {
    using Type = LayerType<L>;
    const BiasWork<L> work(pass.architecture());
    const Index first = pass.architecture().template bias_offset<L>();
    if constexpr (bias_is_net_bias<Type>) {
      for (Index i = 0; i < work.rows; ++i) {
        net[(first + i) * work.rows + i] += scales_weights<L>() ? slope[i] : S(1);
      }
    } else if constexpr (Type::bias_columns > 0) {
      for (Index q = 0; q < work.biases; ++q) {
        const S* const net_bias = gathered<L>(pass, q, 1);
        for (Index i = 0; i < work.rows; ++i) net[(first + q) * work.rows + i] += net_bias[i];
      }
    }
  }

  /// What each net input gets where `count` biases from q on are 1, the others 0.
  template <int L, class P>
  const S* gathered(const P& pass, Index q, Index count) {
    const BiasWork<L> work(pass.architecture());
    S* const bias = work_.data();
    S* const net_bias = bias + work.biases;
    for (Index i = 0; i < work.biases; ++i) bias[i] = S(i >= q && i < q + count);
    pass.architecture().template layer<L>().gather_bias(static_cast<const S*>(bias), net_bias,
                                                        pass.template units<L>());
    return net_bias;
  }

  /// P of a Dense layer whose φ acts on whole columns: its Jacobian times ∂net.
  template <int L, class P>
  void through_columns(const P& pass, const S* net, Index n) {
    const Index units = pass.template units<L>();
    if (n == 0) return;
    // Row i of the Jacobian is Jᵀe_i; stored as column i, so that the product is with Jᵀ back.
    S* const jacobian = work_.data();
    for (Index i = 0; i < units; ++i) {
      for (Index k = 0; k < units; ++k) jacobian[i * units + k] = S(i == k);
      pass.architecture().template layer<L>().activation().multiply_by_derivative(
          static_cast<const S*>(pass.template own_output<L>()), jacobian + i * units, units);
    }
    back(ConstMatrixView<S>(jacobian, units, units), ConstMatrixView<S>(net, units, n),
         MatrixView<S>(output<L>(0), units, n), FromZero{}, scratch_.data());
  }

  /// φ' of each unit of a Dense layer, where it goes into the weights.
  template <int L, class P>
  const S* slopes([[maybe_unused]] const P& pass) {
    S* const slope = work_.data();
    if constexpr (scales_weights<L>()) {
      const Index units = pass.template units<L>();
      const auto& function = pass.architecture().template layer<L>().activation();
      const S* const x = pass.template own_output<L>();
      if constexpr (uses_net_input<std::remove_cvref_t<decltype(function)>>) {
        const S* const net_input = pass.template net<L>();
        transform_into(
            slope, units, [&](const auto& v, const auto& y) { return function.derivative(v, y); },
            net_input, x);
      } else {
        transform_into(
            slope, units, [&](const auto& y) { return function.derivative(y); }, x);
      }
    }
    return slope;
  }

  /// The compact part: ∂x_i by the parameters of row i of the layer's own block.
  template <int L, class P>
  void own_parameters(const P& pass, const S* slope) {
    using Type = LayerType<L>;
    const Index units = pass.template units<L>();
    const Index n = columns<L>(pass.architecture());
    const Index count = own_size<L>(pass.architecture()) / units;
    S* const to = output<L>(0) + units * n;
    S* p = to;
    for_each_index<Arch::template connection_count<L>>([&](auto c) {
      for (Index j = 0; j < pass.architecture().template fan_in<L, c()>(); ++j) {
        for (Index i = 0; i < units; ++i) *p++ = multiplied<L, c()>(pass, i, j);
      }
    });
    for (Index i = 0; i < units * Type::bias_columns; ++i) *p++ = S(1);
    const MatrixView<S> own(to, units, count);
    for_each_index<Arch::template connection_count<L>>([&](auto c) {
      constexpr Connection connection = Type::connections[c()];
      if constexpr (connection.source_of(L) == L) {
        const ConstMatrixView<S> before(output<L>(connection.delay) + units * n, units, count);
        if constexpr (connection.weights == Weights::Identity) {
          diagonal_affine(AllOnes{}, before, own, FromOutput{}, Identity{});
        } else {
          diagonal_affine(pass.template weights<L, c()>().data(), before, own, FromOutput{},
                          Identity{});
        }
      }
    });
    diagonal_affine(slope, ConstMatrixView<S>(to, units, count), own, FromZero{}, Identity{});
  }

  /// P of a layer with steps of its own: its local Jacobians come from its pull-back, for all units
  /// at once where each feels its own gates alone, else unit by unit.
  template <int L, class P>
  void through_step(const P& pass, const S* net) {
    constexpr bool independent = units_are_independent<LayerType<L>>;
    const StepWork<L> work(pass.architecture());
    const Index units = work.units;
    const Index rows = work.rows;
    const Index n = columns<L>(pass.architecture());
    for (const bool of_memory : {false, true}) {
      if (of_memory && !has_memory<LayerType<L>>()) break;
      const Jacobians by = jacobians<L>(pass, of_memory);
      S* const result = of_memory ? memory<L>(0) : output<L>(0);
      const MatrixView<S> to(result, units, n);
      auto add = [&](const S* jacobian, const S* from, Index from_rows, auto start) {
        if constexpr (independent) {
          diagonal_affine(jacobian, ConstMatrixView<S>(from, units, n, from_rows), to, start,
                          Identity{});
        } else if (n > 0) {
          back(ConstMatrixView<S>(jacobian, from_rows, units),
               ConstMatrixView<S>(from, from_rows, n), to, start, scratch_.data());
        }
      };
      add(by.net, net, rows, FromZero{});
      for (Index gate = units; independent && gate < rows; gate += units) {
        add(by.net + gate, net + gate, rows, FromOutput{});
      }
      if constexpr (Graph::feeds_itself(L)) add(by.previous, output<L>(1), units, FromOutput{});
      if constexpr (has_memory<LayerType<L>>()) add(by.memory, memory<L>(1), units, FromOutput{});
      if constexpr (is_compact<L>()) {
        compact_step<L>(pass, by, result + units * n);
      } else {
        immediate_own<L>(pass, by, result);
      }
    }
  }

  /// Transposed local Jacobians, in work_.
  struct Jacobians {
    S *net, *previous, *memory, *own;
  };

  /// Those of a layer's output or memory, by its pull-back of 1.
  template <int L, class P>
  Jacobians jacobians(const P& pass, bool of_memory) {
    constexpr bool independent = units_are_independent<LayerType<L>>;
    const StepWork<L> work(pass.architecture());
    Jacobians by;
    by.net = work_.data() + BiasWork<L>(pass.architecture()).size().value();
    by.previous = by.net + work.rows * work.columns;
    by.memory = by.previous + work.units * work.columns;
    by.own = by.memory + work.units * work.columns;
    S* const d_output = by.own + work.own * work.columns;
    for (Index j = 0; j < work.columns; ++j) {
      LayerPullBack<S> at = pass.template layer_pull_back<L>(0, 1, nullptr);
      at.net = by.net + j * work.rows;
      at.d_output = d_output;
      at.d_memory = has_memory<LayerType<L>>() ? by.memory + j * work.units : nullptr;
      at.d_output_before = Graph::feeds_itself(L) ? by.previous + j * work.units : nullptr;
      at.d_own = by.own + j * work.own;
      copy_numbers(pass.template net<L>(), at.net, work.rows);
      for (Index i = 0; i < work.own; ++i) at.d_own[i] = S(0);
      for (Index i = 0; i < work.units; ++i) {
        const bool asked = independent || i == j;
        d_output[i] = S(asked && !of_memory);
        by.memory[j * work.units + i] = S(asked && of_memory);
        by.previous[j * work.units + i] = S(0);
      }
      run_pull_back(pass.architecture().template layer<L>(), at);
    }
    return by;
  }

  /// ∂x by the layer's own parameters, besides weights and biases.
  template <int L, class P>
  void immediate_own(const P& pass, const Jacobians& by, S* to) {
    const StepWork<L> work(pass.architecture());
    const Index first = pass.architecture().template own_offset<L>();
    for (Index q = 0; q < work.own; ++q) {
      for (Index i = 0; i < work.units; ++i) {
        const bool felt = work.columns > 1 || i == q % work.units;
        const Index column = work.columns > 1 ? i : 0;
        if (felt) to[(first + q) * work.units + i] += by.own[column * work.own + q];
      }
    }
  }

  /// The compact part of such a layer: ∂x_i by the parameters of row i of each of its gates.
  template <int L, class P>
  void compact_step(const P& pass, const Jacobians& by, S* to) {
    using Type = LayerType<L>;
    constexpr int gates = weight_gates<Type>();
    const StepWork<L> work(pass.architecture());
    const Index units = work.units;
    S* p = to;
    for_each_index<Arch::template connection_count<L>>([&](auto c) {
      for (Index j = 0; j < pass.architecture().template fan_in<L, c()>(); ++j) {
        for (int g = 0; g < gates; ++g) {
          for (Index i = 0; i < units; ++i) {
            *p++ = felt_weight<L>(by, units, c(), g, i) * multiplied<L, c()>(pass, i, j);
          }
        }
      }
    });
    for (int g = 0; g < gates * Type::bias_columns; ++g) p = felt_biases<L>(pass, by, g, p);
    copy_numbers(by.own, p, work.own);

    const Index n = columns<L>(pass.architecture());
    const Index count = own_size<L>(pass.architecture()) / units;
    auto add_past = [&](const S* diagonal, const S* from) {
      diagonal_affine(diagonal, ConstMatrixView<S>(from + units * n, units, count),
                      MatrixView<S>(to, units, count), FromOutput{}, Identity{});
    };
    if constexpr (Graph::feeds_itself(L)) add_past(by.previous, output<L>(1));
    if constexpr (has_memory<Type>()) add_past(by.memory, memory<L>(1));
    for_each_index<Arch::template connection_count<L>>([&](auto c) {
      constexpr Connection connection = Type::connections[c()];
      if constexpr (connection.source_of(L) == L) {
        for (Index i = 0; i < units; ++i) {
          S sum(0);
          for (int g = 0; g < gates; ++g) {
            const S* const w = pass.template weights<L, c()>().data();
            const S weight = connection.weights == Weights::Identity ? S(1) : w[g * units + i];
            sum += felt_weight<L>(by, units, c(), g, i) * weight;
          }
          scaled_[i] = sum;
        }
        add_past(scaled_.data(), output<L>(connection.delay));
      }
    });
  }

  /// ∂x_i by unit i's net inputs in the gates that row i of weight gate g of connection c leads to.
  template <int L>
  static S felt_weight(const Jacobians& by, Index units, int c, int g, Index i) {
    S sum(0);
    for (const Part& part : parts<LayerType<L>>(c)) {
      const int within = g - part.weight_gate;
      if (within >= 0 && within < part.gates) sum += by.net[(part.net_gate + within) * units + i];
    }
    return sum;
  }

  /// ∂x_i by number i of gate g of the bias columns, for all units. @return behind the last
  template <int L, class P>
  S* felt_biases(const P& pass, const Jacobians& by, int g, S* to) {
    const Index units = pass.template units<L>();
    if constexpr (bias_is_net_bias<LayerType<L>>) {
      copy_numbers(by.net + g * units, to, units);
    } else if constexpr (LayerType<L>::bias_columns > 0) {
      const S* const net_bias = gathered<L>(pass, g * units, units);
      for (Index i = 0; i < units; ++i) {
        to[i] = S(0);
        for (int k = 0; k < net_gates<LayerType<L>>(); ++k) {
          to[i] += by.net[k * units + i] * net_bias[k * units + i];
        }
      }
    }
    return to + units;
  }

  std::array<Index, Graph::layer_count> block_{}, output_{}, memory_{};
  std::array<int, Graph::layer_count> phase_{};
  int memory_phase_ = 0;
  Vector<S> numbers_, net_, scaled_, scratch_, work_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
