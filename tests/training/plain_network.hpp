// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "backfold/backfold.hpp"

/// A network of Dense, Lstm and Gru layers in plain loops over its blocks, in double: net inputs
/// and outputs of each layer, and deltas by central differences of E, of fourth order, with respect
/// to net inputs.
class PlainNetwork {
 public:
  using Index = backfold::Index;
  using M = Eigen::MatrixXd;

  template <class Net>
  PlainNetwork(const Net& net, const backfold::Sequences<typename Net::Scalar>& data,
               bool closes_loop = false)
      : layers_(backfold::layers(net)),
        blocks_(backfold::blocks(net)),
        w_(net.parameters().template cast<double>()),
        batch_(data.batch()),
        steps_(data.steps),
        closes_loop_(closes_loop),
        last_only_(data.targets_at == backfold::TargetsAt::LastStep),
        resets_(static_cast<std::size_t>(batch_ * steps_)),
        lengths_(static_cast<std::size_t>(batch_), steps_) {
    for (Index b = 0; data.lengths != nullptr && b < batch_; ++b) lengths_[at(b)] = data.lengths[b];
    for (Index c = 0; !data.resets.empty() && c < batch_ * steps_; ++c) {
      resets_[at(c)] = data.resets[c];
    }
    x_ = copy(data.inputs);
    z_ = copy(data.targets);
    loss();
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      deltas.push_back(M::Zero(nets[l].rows(), nets[l].cols()));
    }
    const std::vector<M> nets_there = nets, outputs_there = outputs;
    constexpr double h = 2e-4;
    for (std::size_t l = 1; l < layers_.size(); ++l) {
      for (Index c = 0; c < batch_ * steps_; ++c) {
        for (Index i = 0; i < deltas[l].rows(); ++i) {
          auto moved = [&](double by) {
            moved_ = {l, i, c, by};
            const double there = loss();
            moved_.by = 0;
            return there;
          };
          deltas[l](i, c) =
              (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
        }
      }
    }
    nets = nets_there;
    outputs = outputs_there;
  }

  /// Of each layer, a column for each sample and step.
  std::vector<M> nets, outputs, deltas;

  [[nodiscard]] bool has(Index t, Index b) const { return t < lengths_[at(b)]; }
  [[nodiscard]] Index length(Index b) const { return lengths_[at(b)]; }
  [[nodiscard]] Index batch() const { return batch_; }
  [[nodiscard]] Index steps() const { return steps_; }
  [[nodiscard]] std::string activation(int layer) const { return layers_[at(layer)].activation; }
  /// φ' at a net input of a layer or of a cell's gate, in parts of its largest value.
  [[nodiscard]] double slope(int layer, Index row, Index column) const {
    const auto x = nets[at(layer)].col(column);
    auto of_tanh = [](double net) { return 1 - std::tanh(net) * std::tanh(net); };
    auto of_sigmoid = [](double net) { return 4 * sigmoid(net) * sigmoid(-net); };
    const Index units = layers_[at(layer)].units, gate = row / units, i = row % units;
    if (is_gru(layer) && gate >= 2) {
      return of_tanh(x[2 * units + i] + sigmoid(x[i]) * x[3 * units + i]);
    }
    if (is_gru(layer) || (is_lstm(layer) && gate != 2)) return of_sigmoid(x[row]);
    if (is_lstm(layer)) return of_tanh(x[row]);
    const std::string name = activation(layer);
    if (name == "Tanh") return of_tanh(x[row]);
    if (name == "Sigmoid") return of_sigmoid(x[row]);
    if (name == "Relu") return x[row] > 0 ? 1 : 0;
    return 1;
  }

 private:
  struct Moved {
    std::size_t layer = 0;
    Index row = 0, column = 0;
    double by = 0;
  };
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  [[nodiscard]] bool is_lstm(int layer) const {
    return layers_[at(layer)].type == std::string("Lstm");
  }
  [[nodiscard]] bool is_gru(int layer) const {
    return layers_[at(layer)].type == std::string("Gru");
  }
  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
  template <class View>
  static M copy(const View& view) {
    M result(view.rows(), view.cols());
    for (Index c = 0; c < view.cols(); ++c) {
      for (Index i = 0; i < view.rows(); ++i) result(i, c) = double(view.column(c)[i]);
    }
    return result;
  }

  [[nodiscard]] double value(int layer, double net) const {
    const std::string name = activation(layer);
    if (name == "Tanh") return std::tanh(net);
    if (name == "Sigmoid") return sigmoid(net);
    if (name == "Relu") return net > 0 ? net : 0;
    return net;
  }

  /// ½Σ(z − y)², divided by the number of columns with a target.
  double loss() {
    run();
    double sum = 0, count = 0;
    for (Index b = 0; b < batch_; ++b) {
      for (Index t = 0; t < lengths_[at(b)]; ++t) {
        if (last_only_ && t != lengths_[at(b)] - 1) continue;
        const Index c = t * batch_ + b;
        sum += 0.5 * (outputs.back().col(c) - z_.col(last_only_ ? b : c)).squaredNorm();
        ++count;
      }
    }
    return sum / count;
  }

  void run() {
    nets.assign(layers_.size(), M());
    outputs = memories_ = nets;
    outputs[0] = nets[0] = x_;
    for (const auto& l : layers_) {
      if (l.layer == 0) continue;
      const Index gates = std::string(l.type) == "Dense" ? 1 : 4;
      nets[at(l.layer)] = M::Zero(gates * l.units, batch_ * steps_);
      outputs[at(l.layer)] = memories_[at(l.layer)] = M::Zero(l.units, batch_ * steps_);
    }
    for (Index t = 0; t < steps_; ++t) {
      for (Index b = 0; closes_loop_ && t > 0 && b < batch_; ++b) {
        outputs[0].col(t * batch_ + b) = outputs.back().col((t - 1) * batch_ + b);
      }
      for (const auto& l : layers_) {
        for (Index b = 0; l.layer > 0 && b < batch_; ++b) run(l, t, b);
      }
    }
  }

  /// The column `delay` steps before step t, -1 before the first step or a reset.
  [[nodiscard]] Index past(Index t, Index b, Index delay) const {
    for (Index s = t - delay + 1; s <= t; ++s) {
      if (s <= 0 || resets_[at(s * batch_ + b)]) return -1;
    }
    return (t - delay) * batch_ + b;
  }

  void run(const backfold::LayerDescription& l, Index t, Index b) {
    const Index c = t * batch_ + b;
    auto net = nets[at(l.layer)].col(c);
    for (const backfold::Block& block : blocks_) {
      if (block.layer != l.layer) continue;
      const Eigen::Map<const M> weights(w_.data() + block.offset, block.rows, block.columns);
      if (block.kind == backfold::Block::Kind::Bias) {
        for (Index k = 0; k < block.columns; ++k) add(l, k == 1, weights.col(k), net);
      }
      if (block.kind != backfold::Block::Kind::Weights) continue;
      const Index source = past(t, b, block.connection.delay);
      if (source < 0) continue;
      const auto x = outputs[at(block.connection.source)].col(source);
      if (block.connection.weights == backfold::Weights::Diagonal) {
        net += weights.col(0).cwiseProduct(x);
      } else {
        add(l, block.connection.source == l.layer, weights * x, net);
      }
    }
    if (at(l.layer) == moved_.layer && c == moved_.column) net[moved_.row] += moved_.by;
    auto y = outputs[at(l.layer)].col(c);
    if (is_lstm(l.layer)) {
      auto memory = memories_[at(l.layer)].col(c);
      const Index before = past(t, b, 1);
      for (Index i = 0; i < l.units; ++i) {
        const double old = before < 0 ? 0 : memories_[at(l.layer)](i, before);
        memory[i] =
            sigmoid(net[l.units + i]) * old + sigmoid(net[i]) * std::tanh(net[2 * l.units + i]);
        y[i] = sigmoid(net[3 * l.units + i]) * std::tanh(memory[i]);
      }
    } else if (is_gru(l.layer)) {
      const Index before = past(t, b, 1);
      for (Index i = 0; i < l.units; ++i) {
        const double old = before < 0 ? 0 : outputs[at(l.layer)](i, before);
        const double z = sigmoid(net[l.units + i]);
        const double n = std::tanh(net[2 * l.units + i] + sigmoid(net[i]) * net[3 * l.units + i]);
        y[i] = (1 - z) * n + z * old;
      }
    } else {
      for (Index i = 0; i < l.units; ++i) y[i] = value(l.layer, net[i]);
    }
  }

  /// Adds to the net inputs of a layer. Those of a Gru have four gates r, z, i, h: of the three
  /// that come from itself, and of the second bias, the last adds to h.
  template <class Net>
  static void add(const backfold::LayerDescription& l, bool from_itself, const Eigen::VectorXd& x,
                  Net&& net) {
    if (std::string(l.type) != "Gru" || !from_itself) {
      net.head(x.size()) += x;
    } else {
      net.head(2 * l.units) += x.head(2 * l.units);
      net.tail(l.units) += x.tail(l.units);
    }
  }

  std::vector<backfold::LayerDescription> layers_;
  std::vector<backfold::Block> blocks_;
  Eigen::VectorXd w_;
  Index batch_, steps_;
  bool closes_loop_;  ///< outputs are the inputs of the next step
  bool last_only_;
  std::vector<bool> resets_;
  std::vector<Index> lengths_;
  M x_, z_;
  std::vector<M> memories_;
  Moved moved_;
};
