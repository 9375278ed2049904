// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "backfold/io/layer_deviation.hpp"

/// Not in backfold.hpp: only exports need it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Steps of a network and of its quantised copy at once, in interval arithmetic: all inputs within
/// bounds, all states within bounds.
template <Real S>
class NetworkDeviation {
 public:
  /// @pre check_gru_loops passes
  /// @param w, rounded parameters of the network and of the copy, which must outlive this
  NetworkDeviation(const std::vector<LayerDescription>& layers, const std::vector<Block>& blocks,
                   const S* w, const S* rounded)
      : layers_(layers),
        blocks_(blocks),
        w_(w),
        rounded_(rounded),
        delays_(longest_delays(layers)) {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const auto units = static_cast<std::size_t>(layers[l].units);
      const std::size_t past = static_cast<std::size_t>(delays_[l]) * units;
      offsets_.push_back(start_.size());
      start_.resize(start_.size() + past + (has_header_memory(layers[l]) ? units : 0));
      std::size_t i = offsets_.back();
      for (const S number : learnt_start(blocks, w, static_cast<int>(l))) {
        start_[i++].range = static_cast<double>(number);
      }
    }
  }

  /// The state before the first step: for each layer, its outputs 1 step ago, 2 steps ago, ...,
  /// then its memory.
  [[nodiscard]] const Deviations& start() const { return start_; }

  /// @return false if a number might exceed the range of the scalar; the results are then
  /// unspecified
  [[nodiscard]] bool step(const Deviations& input, Deviations& state, Deviations& output) const {
    std::vector<Deviations> x(layers_.size());
    x[0] = input;
    for (std::size_t l = 1; l < layers_.size(); ++l) {
      if (!run_layer(layers_[l], x, state) || !are_finite(x[l])) return false;
    }
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      if (delays_[l] == 0) continue;
      const auto past = state.begin() + static_cast<std::ptrdiff_t>(offsets_[l]);
      const auto units = static_cast<std::ptrdiff_t>(layers_[l].units);
      std::copy_backward(past, past + (delays_[l] - 1) * units, past + delays_[l] * units);
      std::copy(x[l].begin(), x[l].end(), past);
    }
    output = x.back();
    return are_finite(state);
  }

 private:
  bool run_layer(const LayerDescription& layer, std::vector<Deviations>& x,
                 Deviations& state) const {
    const auto l = static_cast<std::size_t>(layer.layer);
    const bool is_gru = is_type(layer, "Gru");
    const auto rows = static_cast<std::size_t>(header_gates(layer) * layer.units);
    std::vector<NetDeviation> net(rows), hidden(is_gru ? rows : 0);
    add_bias(layer, net, is_gru ? hidden : net);
    for (std::size_t c = 0; c < layer.connections.size(); ++c) {
      const Connection& connection = layer.connections[c];
      const auto source = static_cast<std::size_t>(connection.source);
      const Deviation* const from =
          connection.delay == 0
              ? x[source].data()
              : state.data() + offsets_[source] +
                    static_cast<std::size_t>((connection.delay - 1) * layers_[source].units);
      add_connection(layer, connection, from, is_gru && c == 1 ? hidden : net);
    }
    Deviations totals, hidden_totals;
    if (!set_totals(net, totals) || !set_totals(hidden, hidden_totals)) return false;
    x[l].resize(static_cast<std::size_t>(layer.units));
    Deviation* const past = state.data() + offsets_[l];
    Deviation* const memory = past + delays_[l] * layer.units;
    if (is_type(layer, "Lstm")) {
      lstm_deviation<S>(totals, memory, x[l]);
    } else if (is_gru) {
      gru_deviation<S>(totals, hidden_totals, past, x[l]);
    } else if (is_type(layer, "MinGru")) {
      min_gru_deviation<S>(totals, memory, x[l]);
    } else if (is_type(layer, "LayerNorm")) {
      layer_norm_deviation<S>(totals, own_of(layer), layer.settings[0].value, x[l]);
    } else {
      run_activation(layer, totals, x[l]);
    }
    return true;
  }

  void add_bias(const LayerDescription& layer, std::vector<NetDeviation>& first,
                std::vector<NetDeviation>& second) const {
    for (const Block& block : blocks_) {
      if (block.layer != layer.layer || block.kind != Block::Kind::Bias) continue;
      const auto add_column = [&](std::vector<NetDeviation>& net, const S* bias) {
        for (NetDeviation& row : net) {
          const double b = static_cast<double>(*bias++);
          row.add(b, b, {1, {}});
        }
      };
      add_column(first, w_ + block.offset);
      if (block.columns == 2) add_column(second, w_ + block.offset + block.rows);
    }
  }

  void add_connection(const LayerDescription& layer, const Connection& c, const Deviation* x,
                      std::vector<NetDeviation>& net) const {
    const auto units = static_cast<std::size_t>(layer.units);
    if (c.weights == Weights::Identity) {
      for (std::size_t i = 0; i < net.size(); ++i) net[i].add(1, 1, x[i % units]);
    }
    for (const Block& block : blocks_) {
      if (block.layer != layer.layer || block.kind != Block::Kind::Weights ||
          !(block.connection == c)) {
        continue;
      }
      for (std::size_t i = 0; i < net.size(); ++i) {
        const S* const w = w_ + block.offset + i;
        const S* const rounded = rounded_ + block.offset + i;
        if (c.weights == Weights::Lookup) {
          add_any_column(w, rounded, block, net[i]);
        } else if (c.weights == Weights::Diagonal) {
          net[i].add(static_cast<double>(*w), static_cast<double>(*rounded), x[i % units]);
        } else {
          for (Index j = 0; j < block.columns; ++j) {
            net[i].add(static_cast<double>(w[j * block.rows]),
                       static_cast<double>(rounded[j * block.rows]), x[j]);
          }
        }
      }
    }
  }

  /// The weight of a Lookup, whatever the index is. An index that layers compute may differ
  /// between the networks, an input does not.
  static void add_any_column(const S* w, const S* rounded, const Block& block, NetDeviation& net) {
    NetDeviation any;
    for (Index j = 0; j < block.columns; ++j) {
      NetDeviation one;
      one.add(static_cast<double>(w[j * block.rows]), static_cast<double>(rounded[j * block.rows]),
              {1, {}});
      any = j == 0 ? one
                   : NetDeviation{hull(any.plain, one.plain), hull(any.change, one.change),
                                  hull(any.error, one.error), (std::max)(any.size, one.size)};
    }
    if (block.connection.source > 0)
      any.error = hull(any.plain, any.plain + any.change) - any.plain;
    net.plain += any.plain;
    net.change += any.change;
    net.error += any.error;
    net.size += any.size;
    ++net.terms;
  }

  /// Below this, no sum of two numbers overflows.
  static constexpr double largest = static_cast<double>((std::numeric_limits<S>::max)()) / 4;

  static bool are_finite(const Deviations& numbers) {
    return std::all_of(numbers.begin(), numbers.end(),
                       [](const Deviation& x) { return x.is_below(largest); });
  }
  /// Each sum is at most Σ |w| |x|, so it is finite too; NaN compares as false.
  static bool set_totals(const std::vector<NetDeviation>& net, Deviations& totals) {
    for (const NetDeviation& row : net) {
      if (!(row.size < largest)) return false;
      totals.push_back(row.template total<S>());
    }
    return true;
  }

  [[nodiscard]] const S* own_of(const LayerDescription& layer) const {
    for (const Block& block : blocks_) {
      if (block.layer == layer.layer && block.kind == Block::Kind::Own) return w_ + block.offset;
    }
    return nullptr;
  }

  static void run_activation(const LayerDescription& layer, const Deviations& net, Deviations& x) {
    x = net;
    const std::string name = layer.activation;
    if (name == "Softmax") return through_softmax<S>(x);
    if (name == "" || name == "Linear") return;
    const double a = layer.settings.empty() ? 1 : layer.settings[0].value;
    for (Deviation& unit : x) unit = through<S>(curve_of(name), unit, a);
  }

  const std::vector<LayerDescription>& layers_;
  const std::vector<Block>& blocks_;
  const S *w_, *rounded_;
  std::vector<int> delays_;
  std::vector<std::size_t> offsets_;  ///< of a layer's numbers in a state
  Deviations start_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
