// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "backfold/core/array.hpp"
#include "backfold/core/denormals.hpp"
#include "backfold/core/unroll.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/gradient/layer_statistics.hpp"
#include "backfold/network/describe.hpp"
#include "backfold/training/check_learning.hpp"
#include "backfold/training/history.hpp"
#include "backfold/training/hook/run_memory.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Options of a Trace.
struct TraceOptions {
  Index every = 100;     ///< steps of the optimizer from one record to the next
  Index reserve = 1024;  ///< records of a run for which `begin` allocates
};

/// Records of a Trace: at some steps of the optimizer, the statistics of every layer but the input.
class TraceRecords {
 public:
  /// Number of records.
  [[nodiscard]] Index count() const {
    return width_ == 0 ? 0 : static_cast<Index>(numbers_.size()) / width_;
  }
  /// Steps of the optimizer before record i; 0 for the first parameters.
  [[nodiscard]] Index step(Index i) const { return static_cast<Index>(at(i)[0]); }
  /// Number of layers, the input included: 1 to layer_count() − 1 have statistics.
  [[nodiscard]] int layer_count() const { return static_cast<int>(names_.size()); }
  /// The layer's Name, or its index and type: "1 Dense Tanh".
  [[nodiscard]] const std::string& layer_name(int layer) const {
    return names_[static_cast<std::size_t>(layer)];
  }
  /// Steps of the probe's sequences.
  [[nodiscard]] Index steps() const { return steps_; }

  /// @pre 0 < layer < layer_count()
  [[nodiscard]] LayerStatistics statistics(Index i, int layer) const {
    const double* const n = layer_at(i, layer);
    return {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]};
  }
  /// ‖∂E/∂net‖ of a layer k = 0, 1, ... steps before the last one of each sequence: how far back
  /// in time the error reaches. `steps()` numbers.
  [[nodiscard]] Eigen::Map<const Eigen::VectorXd> delta_norms(Index i, int layer) const {
    return {layer_at(i, layer) + statistics_count, steps_};
  }

  /// Calls f(name, numbers) for all values that a resumed run continues with.
  template <class Function>
  void for_each_value(const Function& f) {
    f("records", numbers_);
  }

 protected:
  static constexpr Index statistics_count = 9;

  [[nodiscard]] bool fits(const std::vector<std::string>& names, Index steps) const {
    return names_ == names && steps_ == steps;
  }
  /// Removes all records, for a network of these layers.
  void start_records(std::vector<std::string> names, Index steps) {
    names_ = (std::move)(names);
    steps_ = steps;
    width_ = 1 + (layer_count() - 1) * (statistics_count + steps);
    numbers_.resize(0);
  }
  void reserve(Index records) {
    numbers_.reserve(numbers_.size() + static_cast<std::size_t>(records * width_));
  }
  /// Adds a record, to be set by `set` and at the result of `norms`.
  void add(Index step) {
    numbers_.resize(numbers_.size() + static_cast<std::size_t>(width_));
    *at(count() - 1) = static_cast<double>(step);
  }
  void set(int layer, const LayerStatistics& s) {
    const double values[statistics_count] = {s.net_mean,        s.net_variance, s.output_mean,
                                             s.output_variance, s.delta_mean,   s.delta_variance,
                                             s.saturated,       s.dead,         s.gradient_norm};
    std::copy_n(values, statistics_count, layer_at(count() - 1, layer));
  }
  double* norms(int layer) { return layer_at(count() - 1, layer) + statistics_count; }

 private:
  double* at(Index i) { return numbers_.data() + i * width_; }
  [[nodiscard]] const double* at(Index i) const { return numbers_.data() + i * width_; }
  [[nodiscard]] Index place(int layer) const {
    return 1 + (layer - 1) * (statistics_count + steps_);
  }
  double* layer_at(Index i, int layer) { return at(i) + place(layer); }
  [[nodiscard]] const double* layer_at(Index i, int layer) const { return at(i) + place(layer); }

  std::vector<std::string> names_;
  Index steps_ = 0;
  Index width_ = 0;              ///< numbers of a record: the step; of each layer statistics, norms
  std::vector<double> numbers_;  ///< in one vector, so that a Checkpoint can save them
};

/// Hook that records how signals and errors pass through a network during training. Before the
/// first step and every `every` steps, it evaluates the gradient for a probe, a batch of its own,
/// in inference mode and with the training's loss and reduction, and stores the LayerStatistics of
/// each layer and the norms of its deltas by steps back in time. It does not affect the training.
///
///     bf::Trace trace(probe, {.every = 50});
///     bf::fit(net, loss, bf::Adam{}, data, {.epochs = 50}, trace);
///     trace.statistics(trace.count() - 1, 1).saturated;
///
/// With targets at the last step only, delta_norms shows how the gradient vanishes or explodes
/// through time; with targets at every step, each delta has the error of its own step too.
///
/// The probe is a view, as in `fit`. `write_csv` (training/hook/trace_csv.hpp) writes the records
/// to a file. A record costs a gradient of the probe and a few passes over its numbers. Allocates
/// only in `begin`, for the options' `reserve` records of a run; a run with more allocates for
/// them.
///
/// Source: Glorot & Bengio, Understanding the difficulty of training deep feedforward neural
/// networks (2010), for the statistics; Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen
/// (1991), and Bengio, Simard & Frasconi, Learning long-term dependencies with gradient descent is
/// difficult (1994), for norms through time.
template <Real S>
class Trace : public TraceRecords {
 public:
  /// @throws std::invalid_argument if every < 1 or reserve < 0
  explicit Trace(const Sequences<S>& probe, const TraceOptions& options = {})
      : probe_(probe), options_(options) {
    if (options.every < 1) fail_argument("Trace: every must be >= 1, got ", options.every);
    if (options.reserve < 0) fail_argument("Trace: reserve must be >= 0, got ", options.reserve);
  }
  explicit Trace(const Samples<S>& probe, const TraceOptions& options = {})
      : Trace(Sequences<S>(probe), options) {}

  /// @throws std::invalid_argument for a probe that training would refuse
  template <class T>
  void begin(T& training) {
    using Net = typename T::NetworkType;
    using L = std::remove_cvref_t<decltype(training.loss())>;
    static_assert(std::is_same_v<S, typename Net::Scalar>,
                  "backfold: the probe of a Trace is of the network's scalar (float or double)");
    const Net& net = training.network();
    detail::check_data_for(training.loss(), net, probe_);
    std::vector<std::string> names = names_of(net);
    const bool goes_on = training.epoch() > 0 && fits(names, probe_.steps);
    if (!goes_on) start_records((std::move)(names), probe_.steps);
    const double steps =
        double(training.last_epoch() - training.epoch()) * double(training.steps_per_epoch());
    const double records = steps / double(options_.every) + 2;
    reserve(records < double(options_.reserve) ? Index(records) : options_.reserve);
    const auto shape =
        detail::evaluated_shape<Net, L>(probe_.batch(), probe_.steps, Purpose::Gradient, probe_);
    memory_.emplace<Room<Net>>(net, shape);
    if (!goes_on) record(training);
  }
  template <class T>
  void after_step(T& training) {
    if (training.steps_taken() % options_.every == 0) record(training);
  }
  template <class T>
  void end(T&, const History&) {
    memory_.reset();
  }

 private:
  /// Memory for a pass of the probe.
  template <class Net>
  struct Room {
    using P = detail::Pass<Net, Dynamic>;
    Room(const Net& net, const detail::PassShape& shape)
        : copies_input(shape.copies_input),
          workspace(net, shape),
          gradient(net.parameter_count()),
          net_inputs(detail::PassStatistics<P>::buffer_size(net.architecture(),
                                                            shape.batch * shape.steps)),
          derivatives(net_inputs.size()) {}
    bool copies_input;
    Workspace<Net, Dynamic> workspace;
    Vector<S> gradient;
    detail::Array<S> net_inputs, derivatives;
  };

  template <class T>
  void record(T& training) {
    using Net = typename T::NetworkType;
    const FlushDenormals flush(training.options().flush_denormals);
    const Net& net = training.network();
    auto& room = memory_.as<Room<Net>>();
    gradient(net, training.loss(), probe_, room.workspace, room.gradient,
             {.reduction = training.options().reduction});
    detail::Pass<Net, Dynamic> pass(net.architecture(), net.parameters().data(), room.workspace);
    detail::rebind_inputs(pass, probe_.inputs, room.copies_input);
    if constexpr (decltype(pass)::may_reset) {
      pass.reset_at({probe_.resets, probe_.lengths, probe_.batch()});
    }
    add(training.steps_taken());
    const detail::PassStatistics<decltype(pass)> statistics_of(
        pass, probe_.lengths, room.gradient.data(), room.net_inputs.data(),
        room.derivatives.data());
    for_each_index<Net::layer_count - 1>([&](auto l) {
      constexpr int layer = l() + 1;
      set(layer, statistics_of.template of_layer<layer>());
      statistics_of.template delta_norms<layer>(norms(layer));
    });
  }

  template <class Net>
  static std::vector<std::string> names_of(const Net& net) {
    std::vector<std::string> names;
    for (const LayerDescription& l : layers(net)) {
      std::string name = l.label;
      if (name.empty()) {
        name = std::to_string(l.layer) + ' ' + l.type;
        if (l.activation[0] != '\0') (name += ' ') += l.activation;
      }
      names.push_back((std::move)(name));
    }
    return names;
  }

  Sequences<S> probe_;
  TraceOptions options_;
  detail::RunMemory memory_;  ///< a Room of the run's network type
};

template <Real S>
Trace(const Samples<S>&, const TraceOptions& = {}) -> Trace<S>;
template <Real S>
Trace(const Sequences<S>&, const TraceOptions& = {}) -> Trace<S>;

BACKFOLD_END_NAMESPACE
