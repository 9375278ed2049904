// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "backfold/activation/linear.hpp"
#include "backfold/activation/tanh.hpp"
#include "backfold/core/random.hpp"
#include "backfold/core/report.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/gradient/rtrl.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/loss/half_squared_error.hpp"
#include "backfold/network/predict.hpp"

/// Checks of a layer in a small network.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A network around a layer, with other layers of equal width, in which all sources that the layer
/// names exist.
template <class L>
struct NetworkAround {
  static constexpr bool looks_up = L::connections[0].weights == Weights::Lookup;
  static constexpr Index width = L::units_at_compile_time;
  static constexpr int before = [] {
    int last = -1;
    for (const Connection& c : L::connections) last = (std::max)(last, c.source);
    return last + 1;
  }();
  using First = Input<looks_up ? 1 : width>;
  using Hidden = Dense<width, Tanh>;

  static auto of(const L& layer) {
    return [&]<int... Index_>(std::integer_sequence<int, Index_...>) {
      return network(First(looks_up ? 1 : layer.units()), hidden<Index_>(layer.units())..., layer);
    }
    (std::make_integer_sequence<int, before>{});
  }

 private:
  template <int>
  static Hidden hidden(Index units) {
    return Hidden(units);
  }
  template <class... Layers>
  static auto network(const Layers&... layers) {
    return Rnn<double, Layers..., Dense<2, Linear>>(layers..., Dense<2, Linear>{});
  }
};

/// Checks of a layer in a network, on reproducible sequences.
///
/// Matrices are of the network's scalar, not `double`: as types that depend on L, their expressions
/// are compiled only where a layer is checked.
template <class L>
struct LayerInNetwork {
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  static constexpr Index steps = 4;
  using Net = decltype(NetworkAround<L>::of(std::declval<L>()));
  using S = typename Net::Scalar;

  Index batch;
  Net net;
  Random random{10};
  Matrix<S> X, Z;
  HalfSquaredError loss;
  Workspace<Net> workspace;

  LayerInNetwork(const L& layer, Index samples)
      : batch(samples),
        net(NetworkAround<L>::of(layer)),
        X(net.inputs(), steps * batch),
        Z(net.outputs(), steps * batch),
        workspace(net, batch, steps) {
    draw(net.parameters());
    draw(X);
    draw(Z);
    if constexpr (NetworkAround<L>::looks_up) {
      const auto entries = static_cast<std::uint64_t>(L::connections[0].entries);
      for (Index i = 0; i < X.size(); ++i)
        X.data()[i] = static_cast<double>(below(random, entries));
    }
  }
  template <class Numbers>
  void draw(Numbers& numbers) {
    for (Index i = 0; i < numbers.size(); ++i) numbers.data()[i] = uniform(random, -1, 1);
  }
  [[nodiscard]] Sequences<S> data() const { return {X, Z, steps}; }
  /// Fills the workspace with NaN, which reveals memory that is read before it is set.
  void forget() { std::fill_n(workspace.at(0), workspace.plan().size, nan); }
  Vector<S> gradient(Mode mode) {
    Vector<S> g = (Vector<S>::Constant)(net.parameter_count(), nan);
    forget();
    backfold::gradient(net, loss, data(), workspace, g, {.mode = mode});
    return g;
  }
};

/// Compares single steps with a run over whole sequences.
template <class L>
void check_steps(LayerInNetwork<L>& at, Report& report) {
  using S = typename LayerInNetwork<L>::S;
  at.forget();
  const Matrix<S> Y = run(at.net, at.X, at.steps, at.workspace);
  State<typename LayerInNetwork<L>::Net> state(at.net, at.batch);
  for (Index t = 0; t < at.steps; ++t) {
    const Matrix<S> y = step(at.net, at.X.middleCols(t * at.batch, at.batch), state);
    const auto same = Y.middleCols(t * at.batch, at.batch);
    report.expect((y - same).norm() <= 1e-12 * (std::max)(1.0, same.norm()), "in a network, step ",
                  t, " alone is not that of the whole sequence");
  }
}

/// Compares the gradient with differences in some directions.
template <class L>
void check_slopes(LayerInNetwork<L>& at, Mode mode, Report& report) {
  using S = typename LayerInNetwork<L>::S;
  const Vector<S> g = at.gradient(mode);
  const double scale = (std::max)(1.0, g.norm());
  const Vector<S> w = at.net.parameters();
  Vector<S> direction(w.size());
  auto error_at = [&](double h) {
    at.net.parameters() = w + h * direction;
    return loss_of(at.net, at.loss, at.data(), at.workspace, {.mode = mode});
  };
  for (int k = 0; k < 8; ++k) {
    constexpr double h = 1e-5;
    at.draw(direction);
    direction.normalize();
    const double above = error_at(h);
    const double expected = (above - error_at(-h)) / (2 * h);
    report.expect(std::abs(g.dot(direction) - expected) <= 1e-7 * scale,
                  "in a network, the slope of E is ", g.dot(direction), ", differences give ",
                  expected);
  }
  at.net.parameters() = w;
}

/// Compares real-time recurrent learning with backpropagation through time.
template <class L>
void check_rtrl(LayerInNetwork<L>& at, Report& report) {
  using Net = typename LayerInNetwork<L>::Net;
  if constexpr (Net::Graph::is_recurrent) {
    using S = typename Net::Scalar;
    const Vector<S> expected = at.gradient(Mode::Inference);
    Vector<S> sum = (Vector<S>::Zero)(expected.size()), g;
    Rtrl<Net> rtrl(at.net);
    for (Index t = 0; t < at.steps; ++t) {
      rtrl.step(at.net, at.loss, at.X.col(t), at.Z.col(t), g);
      sum += g;
    }
    report.expect((sum - expected).norm() <= 1e-10 * (std::max)(1.0, expected.norm()),
                  "in a network, real-time recurrent learning is not backpropagation through time");
  }
}

template <class L>
void check_in_network(const L& layer, Report& report) {
  for (const Index batch : {1, 3}) {
    LayerInNetwork<L> at(layer, batch);
    check_steps(at, report);
    check_slopes(at, Mode::Inference, report);
    check_slopes(at, Mode::Training, report);
    if (batch == 1) check_rtrl(at, report);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
