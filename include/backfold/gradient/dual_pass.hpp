// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <vector>

#include "backfold/core/array.hpp"
#include "backfold/core/dual.hpp"
#include "backfold/gradient/dual_products.hpp"
#include "backfold/network/network.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A pass forward and back in dual numbers: the tangents of a gradient's numbers are a product with
/// the Hessian. It runs all layers step by step, with plain loops for the products, and takes any
/// topology and any layer whose functions are written for any scalar.
///
/// Block t of a layer holds its batch at step t; blocks before 0 hold what was before the first
/// step.
template <class Net>
class DualPass {
 public:
  using S = typename Net::Scalar;
  using D = Dual<S>;
  using Arch = typename Net::ArchitectureType;
  using Graph = typename Net::Graph;
  static constexpr int output_layer = Net::output_layer;
  template <int L>
  using LayerType = typename Arch::template LayerType<L>;

  /// Lays the pieces out for so many samples and steps; allocates if there is no room for them.
  void shape(const Arch& architecture, Index batch, Index steps) {
    batch_ = batch;
    steps_ = steps;
    Index end = 0;
    auto place = [&](Index count) {
      end += count;
      return end - count;
    };
    for_each_index<Net::layer_count>([&](auto l) {
      constexpr int layer = l();
      Pieces& at = pieces_[layer];
      const Index block = architecture.template units<layer>() * batch;
      const Index blocks = Graph::history(layer) + steps;
      at.output = place(blocks * block);
      if constexpr (layer > 0) {
        constexpr int gates = net_gates<LayerType<layer>>();
        at.delta = place(blocks * block);
        at.net = place(gates * steps * block);
        at.net_bias = place(gates * architecture.template units<layer>());
        if constexpr (Graph::has_memory[layer]) {
          at.memory = place((1 + steps) * block);
          at.d_memory = place(block);
        }
      }
    });
    output_delta_ = place(architecture.outputs() * batch * steps);
    if (static_cast<std::size_t>(end) > numbers_.size()) {
      numbers_.resize(static_cast<std::size_t>(end));
    }
    const auto parameters = static_cast<std::size_t>(architecture.parameter_count());
    w_.resize(parameters);
    gradient_.resize(parameters);
  }

  /// w + vε
  void set_parameters(const S* w, const S* v) {
    for (std::size_t i = 0; i < w_.size(); ++i) w_[i] = D(w[i], v[i]);
  }
  [[nodiscard]] const D* gradient() const { return gradient_.data(); }
  [[nodiscard]] std::size_t parameter_count() const { return gradient_.size(); }

  [[nodiscard]] Index batch() const { return batch_; }
  [[nodiscard]] Index columns() const { return batch_ * steps_; }

  template <int L>
  [[nodiscard]] D* output(const Arch& architecture, Index t = 0) {
    return at(pieces_[L].output) +
           (Graph::history(L) + t) * architecture.template units<L>() * batch_;
  }
  template <int L>
  [[nodiscard]] D* net(const Arch& architecture, Index t = 0) {
    return at(pieces_[L].net) +
           net_gates<LayerType<L>>() * t * architecture.template units<L>() * batch_;
  }
  /// ∂E/∂net of the output layer by the loss alone (∂E/∂output where it fuses no activation).
  [[nodiscard]] D* output_delta() { return at(output_delta_); }

  /// Sets the outputs of all layers. @pre the input's are set
  void forward(const Arch& architecture) {
    for_each_index<output_layer>([&](auto l) { begin<l() + 1>(architecture); });
    clear(output<0>(architecture, -Graph::history(0)), output<0>(architecture, 0));
    for (Index t = 0; t < steps_; ++t) {
      for_each_index<output_layer>([&](auto l) { run_layer<l() + 1>(architecture, t); });
    }
  }

  /// Sets the gradient. @pre the output's delta is set
  void backward(const Arch& architecture) {
    std::fill(gradient_.begin(), gradient_.end(), D(0));
    for_each_index<output_layer>([&](auto l) {
      constexpr int layer = l() + 1;
      clear(delta<layer>(architecture, -Graph::history(layer)), delta<layer>(architecture, steps_));
      if constexpr (Graph::has_memory[layer]) {
        D* const d_memory = at(pieces_[layer].d_memory);
        clear(d_memory, d_memory + architecture.template units<layer>() * batch_);
      }
    });
    for (Index t = steps_ - 1; t >= 0; --t) {
      for_each_index_reversed<output_layer>(
          [&](auto l) { pull_layer_back<l() + 1>(architecture, t); });
    }
    for_each_index<output_layer>([&](auto l) { add_start<l() + 1>(architecture); });
  }

 private:
  struct Pieces {
    Index output, delta, net, net_bias, memory, d_memory;
  };

  [[nodiscard]] D* at(Index offset) { return numbers_.data() + offset; }
  template <int L>
  [[nodiscard]] D* delta(const Arch& architecture, Index t) {
    return at(pieces_[L].delta) +
           (Graph::history(L) + t) * architecture.template units<L>() * batch_;
  }
  template <int L>
  [[nodiscard]] D* memory([[maybe_unused]] const Arch& architecture, [[maybe_unused]] Index t) {
    if constexpr (Graph::has_memory[L]) {
      return at(pieces_[L].memory) + (1 + t) * architecture.template units<L>() * batch_;
    } else {
      return nullptr;
    }
  }
  static void clear(D* from, D* end) { std::fill(from, end, D(0)); }

  /// What is before the first step: 0, or what is learnt to be there; and a bias for each row of
  /// net.
  template <int L>
  void begin(const Arch& architecture) {
    using Type = LayerType<L>;
    const Index units = architecture.template units<L>();
    clear(output<L>(architecture, -Graph::history(L)), output<L>(architecture, 0));
    if constexpr (Graph::has_memory[L]) {
      clear(memory<L>(architecture, -1), memory<L>(architecture, 0));
    }
    for_start<L>(architecture, [&](Index offset, Index k) {
      D* const to =
          k == Graph::history(L) ? memory<L>(architecture, -1) : output<L>(architecture, -1 - k);
      for (Index i = 0; i < units * batch_; ++i) to[i] = w_[from(offset + i % units)];
    });
    D* const bias = at(pieces_[L].net_bias);
    clear(bias, bias + net_gates<Type>() * units);
    if constexpr (Type::bias_columns > 0) {
      const D* const own = w_.data() + architecture.template bias_offset<L>();
      if constexpr (bias_is_net_bias<Type>) {
        std::copy_n(own, net_gates<Type>() * units, bias);
      } else {
        architecture.template layer<L>().gather_bias(own, bias, units);
      }
    }
  }
  static std::size_t from(Index i) { return static_cast<std::size_t>(i); }

  /// Calls f(offset in w, column) for the columns of the learnt start of layer L.
  template <int L, class Function>
  static void for_start(const Arch& architecture, const Function& f) {
    for (Index k = 0; k < Graph::start_columns(L); ++k) {
      f(architecture.template start_offset<L>() + k * architecture.template units<L>(), k);
    }
  }

  /// Calls f(connection, part, offset of the part in w) for all parts of connections into layer L.
  template <int L, class Function>
  static void for_parts(const Arch& architecture, const Function& f) {
    using Type = LayerType<L>;
    for_each_index<Arch::template connection_count<L>>([&](auto c) {
      constexpr auto list = parts<Type>(c());
      for (const Part& part : list) {
        f(c, part,
          architecture.template weights_offset<L, c()>() +
              part.weight_gate * architecture.template units<L>());
      }
    });
  }

  template <int L>
  void run_layer(const Arch& architecture, Index t) {
    using Type = LayerType<L>;
    const Index units = architecture.template units<L>();
    const Index rows = net_gates<Type>() * units;
    D* const sum = net<L>(architecture, t);
    const D* const bias = at(pieces_[L].net_bias);
    for (Index i = 0; i < rows * batch_; ++i) sum[i] = bias[i % rows];
    for_parts<L>(architecture, [&](auto c, const Part& part, Index offset) {
      constexpr Connection connection = Type::connections[c()];
      constexpr int source = connection.source_of(L);
      const Index fan_in = architecture.template units<source>();
      const D* const x = output<source>(architecture, t - connection.delay);
      for (Index b = 0; b < batch_; ++b) {
        add_dual_product<connection.weights>(
            w_.data() + offset, architecture.template block_rows<L>(), x + b * fan_in, fan_in,
            connection.entries, sum + b * rows + part.net_gate * units, part.gates * units);
      }
    });
    const auto& layer = architecture.template layer<L>();
    D* const y = output<L>(architecture, t);
    if constexpr (fuses_activation<Type>) {
      activate<Dynamic>(layer.activation(), sum, y, units, batch_);
    } else {
      run_forward(layer, LayerStep<D>{sum, y, before<L>(output<L>(architecture, t - 1)),
                                      memory<L>(architecture, t), memory<L>(architecture, t - 1),
                                      w_.data() + architecture.template own_offset<L>(), units,
                                      batch_, Mode::Inference, LayerNoise(Noise{}, L, batch_, t)});
    }
  }
  /// What a cell reads of the step before, null where it has no connection from itself.
  template <int L>
  static D* before(D* block) {
    return Graph::feeds_itself(L) ? block : nullptr;
  }

  /// Layer L at step t: ∂E/∂net from ∂E/∂output, and what follows from it for its sources and w.
  template <int L>
  void pull_layer_back(const Arch& architecture, Index t) {
    using Type = LayerType<L>;
    const Index units = architecture.template units<L>();
    const Index rows = net_gates<Type>() * units;
    const D* const d = delta_of_net<L>(architecture, t);
    for_parts<L>(architecture, [&](auto c, const Part& part, Index offset) {
      constexpr Connection connection = Type::connections[c()];
      constexpr int source = connection.source_of(L);
      const Index fan_in = architecture.template units<source>();
      const D* const x = output<source>(architecture, t - connection.delay);
      D* dx = nullptr;
      if constexpr (source > 0) dx = delta<source>(architecture, t - connection.delay);
      for (Index b = 0; b < batch_; ++b) {
        pull_dual_product_back<connection.weights>(
            w_.data() + offset, gradient_.data() + offset, architecture.template block_rows<L>(),
            x + b * fan_in, fan_in, connection.entries, d + b * rows + part.net_gate * units,
            part.gates * units, dx == nullptr ? nullptr : dx + b * fan_in);
      }
    });
    if constexpr (Type::bias_columns > 0) add_bias<L>(architecture, d, rows);
  }

  template <int L>
  const D* delta_of_net(const Arch& architecture, Index t) {
    using Type = LayerType<L>;
    const Index units = architecture.template units<L>();
    const auto& layer = architecture.template layer<L>();
    D* const d = delta<L>(architecture, t);
    auto add_loss = [&] {
      if constexpr (L == output_layer) {
        const D* const by_loss = output_delta() + t * units * batch_;
        add_numbers(by_loss, d, units * batch_);
      }
    };
    if constexpr (fuses_activation<Type>) {
      multiply_by_derivative<Dynamic>(layer.activation(), net<L>(architecture, t),
                                      output<L>(architecture, t), d, units, batch_);
      add_loss();
      return d;
    } else {
      add_loss();
      D* d_memory = nullptr;
      if constexpr (Graph::has_memory[L]) d_memory = at(pieces_[L].d_memory);
      const Index own = architecture.template own_offset<L>();
      run_pull_back(
          layer,
          LayerPullBack<D>{net<L>(architecture, t), output<L>(architecture, t),
                           before<L>(output<L>(architecture, t - 1)), memory<L>(architecture, t),
                           memory<L>(architecture, t - 1), w_.data() + own, d, d_memory,
                           before<L>(delta<L>(architecture, t - 1)), gradient_.data() + own, units,
                           batch_, Mode::Inference, LayerNoise(Noise{}, L, batch_, t)});
      return net<L>(architecture, t);
    }
  }

  template <int L>
  void add_bias(const Arch& architecture, const D* d, Index rows) {
    using Type = LayerType<L>;
    D* const g = gradient_.data() + architecture.template bias_offset<L>();
    if constexpr (bias_is_net_bias<Type>) {
      for (Index i = 0; i < rows * batch_; ++i) g[i % rows] += d[i];
    } else {
      // scatter_bias writes, so the sum over all steps so far stays in net_bias: the forward pass
      // has no more use for it.
      D* const sum = at(pieces_[L].net_bias);
      const bool is_first = is_last_step<L>(architecture, d);
      if (is_first) clear(sum, sum + rows);
      for (Index i = 0; i < rows * batch_; ++i) sum[i % rows] += d[i];
      architecture.template layer<L>().scatter_bias(sum, g, architecture.template units<L>());
    }
  }
  /// True for the block of net with which the way back begins.
  template <int L>
  bool is_last_step(const Arch& architecture, const D* d) {
    return d == net<L>(architecture, steps_ - 1) || d == delta<L>(architecture, steps_ - 1);
  }

  template <int L>
  void add_start(const Arch& architecture) {
    const Index units = architecture.template units<L>();
    for_start<L>(architecture, [&](Index offset, Index k) {
      const D* d = nullptr;
      if constexpr (Graph::has_memory[L]) {
        if (k == Graph::history(L)) d = at(pieces_[L].d_memory);
      }
      if (d == nullptr) d = delta<L>(architecture, -1 - k);
      for (Index i = 0; i < units * batch_; ++i) gradient_[from(offset + i % units)] += d[i];
    });
  }

  Index batch_ = 0, steps_ = 0, output_delta_ = 0;
  std::array<Pieces, Net::layer_count> pieces_{};
  std::vector<D> numbers_, w_, gradient_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
