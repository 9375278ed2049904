// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "backfold/core/diagonal.hpp"
#include "backfold/core/lookup.hpp"
#include "backfold/io/any_layer.hpp"
#include "backfold/io/any_state.hpp"
#include "backfold/io/model_info.hpp"
#include "backfold/network/describe.hpp"

/// Not in backfold.hpp: it needs files and nlohmann-json, and compiles all layers.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <Real S>
class AnyNetworkReader;

}  // namespace detail

/// A network whose layers are chosen at run time by a file, for inference only.
///
///     const auto net = bf::load_any<float>("model.safetensors");
///     const Eigen::MatrixXf Y = net.run(X);              // samples in columns
///     bf::AnyState<float> state = net.state();           // a recurrent one, step by step
///     for (...) use(net.step(x, state));
///
/// Any number of layers with any connections: skips, delays, diagonal ones, sums, indices. Layers:
/// Dense with each of the library's activations, Lstm, Gru, MinGru, LayerNorm, Dropout; layers and
/// activations of your own need `load` into a network of their type. Outputs equal those of the
/// saved network up to rounding. Each layer costs a virtual call per step.
template <Real S>
class AnyNetwork {
 public:
  using Scalar = S;

  [[nodiscard]] Index inputs() const { return layers_.front().units; }
  [[nodiscard]] Index outputs() const { return layers_.back().units; }
  [[nodiscard]] int layer_count() const { return static_cast<int>(layers_.size()); }
  [[nodiscard]] bool is_recurrent() const { return is_recurrent_; }
  [[nodiscard]] const Vector<S>& parameters() const { return w_; }  ///< in the layout of Network
  [[nodiscard]] const ModelInfo& info() const { return info_; }  ///< further contents of the file

  /// The state before the first step, for a batch of sequences: zero, or the LearntStart.
  [[nodiscard]] AnyState<S> state(Index batch = 1) const {
    if (batch < 1) fail_argument("state: expected a batch of at least 1, got ", batch);
    AnyState<S> state(batch);
    Index net_rows = 1, scratch = 1;
    for (const Layer& layer : layers_) {
      state.add_layer(layer.units, layer.history, layer.type && layer.type->has_memory,
                      layer.learns_start ? w_.data() + layer.start_offset : nullptr);
      if (!layer.type) continue;
      net_rows = (std::max)(net_rows, layer.type->net_gates * layer.units);
      const Index rows = layer.type->weight_gates * layer.units;
      for (const Block& block : layer.blocks) {
        scratch = (std::max)(scratch, detail::product_scratch<S>(rows, block.columns, batch));
      }
    }
    state.net_ = detail::Array<S>(net_rows * batch);
    state.scratch_ = detail::Array<S>(scratch);
    return state;
  }

  /// One step for each sequence of a batch. Takes inputs × batch and returns a view of the outputs,
  /// valid until the state's next step. Allocates nothing.
  /// @throws std::invalid_argument for other sizes
  template <class X>
  Eigen::Map<const Matrix<S>> step(const Eigen::DenseBase<X>& x, AnyState<S>& state) const {
    static_assert(std::is_same_v<typename X::Scalar, S>,
                  "backfold: the input is of another scalar than the network: cast it");
    check_input(x.rows());
    if (x.cols() != state.batch()) {
      fail_argument("state: it is for a batch of ", state.batch(), ", the input has ", x.cols(),
                    " columns");
    }
    if (state.layers_.size() != layers_.size() ||
        state.layers_.front().block != inputs() * state.batch()) {
      fail_argument("state: it is of another network");
    }
    state.shift();
    Eigen::Map<Matrix<S>>(state.output(0, 0), x.rows(), x.cols()) = x.derived();
    for (std::size_t l = 1; l < layers_.size(); ++l) run_layer(l, state);
    return {state.output(layers_.size() - 1, 0), outputs(), state.batch()};
  }

  /// Outputs for samples in columns or, for a recurrent network, for sequences of `steps` steps,
  /// time-major.
  /// @throws std::invalid_argument for other sizes
  template <class X>
  [[nodiscard]] Matrix<S> run(const Eigen::DenseBase<X>& x, Index steps = 1) const {
    check_input(x.rows());
    if (steps < 1 || x.cols() == 0 || x.cols() % steps != 0) {
      fail_argument("input has ", x.cols(), " columns, no whole number of sequences of ", steps,
                    " steps");
    }
    // Independent samples are processed in blocks, so that activations stay in the cache.
    const Index most = is_recurrent_ ? x.cols() / steps : (std::min)(x.cols(), Index{256});
    Matrix<S> result(outputs(), x.cols());
    AnyState<S> whole = state(most);
    for (Index first = 0; first < x.cols(); first += most) {
      const Index count = (std::min)(most, x.cols() - first);
      if (count < most) whole = state(count);
      result.middleCols(first, count) = step(x.derived().middleCols(first, count), whole);
    }
    return result;
  }

 private:
  friend class detail::AnyNetworkReader<S>;

  struct Layer {
    Index units = 0;
    int history = 0;                       ///< number of past outputs that are kept
    detail::AnyLayerPointer<S> type = {};  ///< null for the input
    std::vector<Block> blocks = {};        ///< of its connections; no columns if Identity
    Index own_offset = 0;
    Index start_offset = 0;  ///< of the state before the first step, if that is learnt
    bool learns_start = false;
    std::vector<S> net_bias = {};
  };

  AnyNetwork() = default;

  void check_input(Index rows) const {
    if (rows != inputs()) {
      fail_argument("input has ", rows, " rows, the input layer ", inputs(), " units");
    }
  }

  void run_layer(std::size_t l, AnyState<S>& state) const {
    const Layer& layer = layers_[l];
    S* const net = state.net_.data();
    for (Index c = 0; c < state.batch(); ++c) {
      std::copy(layer.net_bias.begin(), layer.net_bias.end(),
                net + c * static_cast<Index>(layer.net_bias.size()));
    }
    bool feeds_itself = false;
    for (std::size_t c = 0; c < layer.blocks.size(); ++c) {
      add_connection(layer, static_cast<int>(c), state);
      feeds_itself = feeds_itself || layer.blocks[c].connection.source == static_cast<int>(l);
    }
    layer.type->forward({net, state.output(l, 0), feeds_itself ? state.output(l, 1) : nullptr,
                         state.memory(l, 0), state.memory(l, 1), w_.data() + layer.own_offset,
                         layer.units, state.batch(), Mode::Inference, LayerNoise()});
  }

  /// net ← net + W x for the parts of a connection.
  void add_connection(const Layer& layer, int c, AnyState<S>& state) const {
    const Block& block = layer.blocks[static_cast<std::size_t>(c)];
    const Connection& connection = block.connection;
    const auto source = static_cast<std::size_t>(connection.source);
    const Index units = layer.units, batch = state.batch();
    const ConstMatrixView<S> x(state.output(source, connection.delay), layers_[source].units,
                               batch);
    for (const Part& part : layer.type->parts(c)) {
      const S* const w = w_.data() + block.offset + part.weight_gate * units;
      S* const net = state.net_.data() + part.net_gate * units;
      const Index stride = layer.type->net_gates * units;
      if (is_one_to_one(connection.weights)) {
        for (int gate = 0; gate < part.gates; ++gate) {
          const MatrixView<S> y(net + gate * units, units, batch, stride);
          if (connection.weights == Weights::Identity) {
            detail::diagonal_affine(detail::AllOnes{}, x, y, detail::StartAtOutput{}, Unchanged{});
          } else {
            detail::diagonal_affine(w + gate * units, x, y, detail::StartAtOutput{}, Unchanged{});
          }
        }
        continue;
      }
      const MatrixView<S> y(net, part.gates * units, batch, stride);
      const ConstMatrixView<S> weights(w, y.rows(), block.columns,
                                       layer.type->weight_gates * units);
      if (connection.weights == Weights::Lookup) {
        detail::lookup_affine(weights, x, y, detail::StartAtOutput{}, Unchanged{});
      } else {
        detail::affine(weights, x, y, detail::StartAtOutput{}, Unchanged{}, state.scratch_.data());
      }
    }
  }

  std::vector<Layer> layers_;
  Vector<S> w_;
  bool is_recurrent_ = false;
  ModelInfo info_;
};

BACKFOLD_END_NAMESPACE
