// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "drawn_sequences.hpp"

/// A series with resets against its pieces, each run as a sequence of its own.

namespace resets {

using namespace backfold;
using Flags = std::vector<char>;

/// A reset at every `every`-th column or so, in another order for each seed; all if 1, none if 0.
inline Flags drawn_flags(Index columns, std::uint64_t every, std::uint64_t seed) {
  Random random(seed);
  Flags flags(static_cast<std::size_t>(columns), 0);
  for (char& flag : flags) flag = every > 0 && random() % every == 0;
  return flags;
}

/// Columns first..last of sequence b.
template <class S>
Matrix<S> piece_of(const Matrix<S>& all, Index batch, Index b, Index first, Index last) {
  Matrix<S> piece(all.rows(), last - first + 1);
  for (Index t = first; t <= last; ++t) piece.col(t - first) = all.col(t * batch + b);
  return piece;
}

/// All that a pass finds.
template <class Net>
struct Found {
  using S = typename Net::Scalar;
  double E = 0;
  Vector<S> gradient;
  Matrix<S> outputs, d_inputs;
  Matrix<S> final, d_initial;  ///< a column for each sequence
};

/// A state of one sequence out of that of a batch, and back.
template <class Net>
void exchange(const State<Net>& batch, Index b, State<Net>& one) {
  for_each_index<Net::layer_count>([&](auto l) {
    constexpr int layer = l();
    if constexpr (Net::Graph::history(layer) > 0) {
      for (int d = 1; d <= Net::Graph::history(layer); ++d) {
        one.template output<layer>(d) = batch.template output<layer>(d).col(b);
      }
    }
    if constexpr (Net::Graph::has_memory[layer]) {
      one.template memory<layer>() = batch.template memory<layer>().col(b);
    }
  });
}

template <class Net>
class Case {
 public:
  using S = typename Net::Scalar;

  Case(Index steps, Index batch, const Net& net = Net())
      : all_(steps, batch, net), initial_(all_.net, batch), steps_(steps), batch_(batch) {
    Random random(11);
    for (S& v : initial_.values()) v = static_cast<S>(uniform(random, -1, 1));
  }
  DrawnSequences<Net>& all() { return all_; }

  /// The whole series by one pass with resets.
  Found<Net> whole(const Flags& flags) {
    const Net& net = all_.net;
    Found<Net> found;
    Sequences<S> data = all_.data();
    data.resets = flags;
    State<Net> final(net, batch_), d_initial(net, batch_), one(net);
    found.outputs = run(net, all_.X, steps_, all_.workspace,
                        {.initial = &initial_, .final = &final, .resets = flags});
    found.final = columns(final);
    found.E = gradient_with_inputs(
        net, HalfSquaredError{}, data, all_.workspace, found.gradient, found.d_inputs,
        {.initial = &initial_, .final = &final, .d_initial = &d_initial});
    CHECK(columns(final) == found.final);
    found.d_initial = columns(d_initial);
    return found;
  }

  /// The pieces between resets, one after the other.
  Found<Net> pieces(const Flags& flags) {
    const Net& net = all_.net;
    Found<Net> found;
    found.gradient.setZero(net.parameter_count());
    found.outputs.resize(net.outputs(), all_.X.cols());
    found.d_inputs.resize(net.inputs(), all_.X.cols());
    State<Net> one(net);
    found.final.setZero(one.size(), batch_);
    found.d_initial.setZero(one.size(), batch_);
    for (Index b = 0; b < batch_; ++b) {
      for (Index first = 0, t = 0; t < steps_; ++t) {
        if (t + 1 < steps_ && flags[static_cast<std::size_t>((t + 1) * batch_ + b)] == 0) continue;
        add_piece(flags, b, first, t, found);
        first = t + 1;
      }
    }
    return found;
  }

 private:
  Matrix<S> columns(const State<Net>& state) {
    State<Net> one(all_.net);
    Matrix<S> result(one.size(), batch_);
    for (Index b = 0; b < batch_; ++b) {
      exchange(state, b, one);
      result.col(b) = one.values();
    }
    return result;
  }
  void add_piece(const Flags& flags, Index b, Index first, Index last, Found<Net>& found) {
    const Net& net = all_.net;
    State<Net> before(net), after(net), d_before(net);
    const bool begins = first == 0 && flags[static_cast<std::size_t>(b)] == 0;
    if (begins) exchange(initial_, b, before);
    const Matrix<S> X = piece_of<S>(all_.X, batch_, b, first, last),
                    Z = piece_of<S>(all_.Z, batch_, b, first, last);
    const Index steps = last - first + 1;
    Workspace<Net> workspace(net, 1, steps);
    const Matrix<S> Y = run(net, X, steps, workspace, {.initial = &before, .final = &after});
    Vector<S> g;
    Matrix<S> dX;
    found.E +=
        gradient_with_inputs(net, HalfSquaredError{}, Sequences<S>(X, Z, steps), workspace, g, dX,
                             {.initial = begins ? &before : nullptr, .d_initial = &d_before});
    found.gradient += g;
    found.final.col(b) = after.values();
    if (begins) found.d_initial.col(b) = d_before.values();
    for (Index t = first; t <= last; ++t) {
      found.outputs.col(t * batch_ + b) = Y.col(t - first);
      found.d_inputs.col(t * batch_ + b) = dX.col(t - first);
    }
  }

  DrawnSequences<Net> all_;
  State<Net> initial_;
  Index steps_, batch_;
};

template <class S>
double distance(const Matrix<S>& a, const Matrix<S>& b) {
  return difference(a.template cast<double>(), b.template cast<double>());
}

template <class Net>
void equals_pieces(Index steps, Index batch, const Flags& flags, const Net& net = Net()) {
  using S = typename Net::Scalar;
  const double tolerance = sizeof(S) == 4 ? 2e-5 : 2e-13;  // sums of some hundred terms
  INFO("steps " << steps << ", batch " << batch);
  Case<Net> one(steps, batch, net);
  const Found<Net> found = one.whole(flags), expected = one.pieces(flags);
  CHECK(std::abs(found.E - expected.E) <= tolerance * expected.E);
  CHECK(distance<S>(found.outputs, expected.outputs) <= tolerance);
  CHECK(distance<S>(found.gradient, expected.gradient) <= tolerance);
  CHECK(distance<S>(found.d_inputs, expected.d_inputs) <= tolerance);
  CHECK(distance<S>(found.final, expected.final) <= tolerance);
  CHECK(distance<S>(found.d_initial, expected.d_initial) <= tolerance);
}

/// Batches of one and of several, one step and many, resets nowhere, somewhere and everywhere.
template <class Net>
void equals_pieces(const Net& net = Net()) {
  for (const Index batch : {1, 3}) {
    for (const Index steps : {1, 2, 9}) {
      for (const std::uint64_t every : {0, 1, 2, 4}) {
        INFO("a reset in " << every);
        equals_pieces(steps, batch, drawn_flags(steps * batch, every, 5 + every), net);
      }
    }
  }
}

/// Compares the gradient over resets with real-time recurrent learning, where reset(rtrl, net)
/// resets the state.
template <class Net, class Reset>
void equals_rtrl(Reset reset) {
  const Index steps = 12;
  DrawnSequences<Net> all(steps, 1);
  const Flags flags = drawn_flags(steps, 3, 8);
  REQUIRE(std::count(flags.begin(), flags.end(), 1) > 2);
  Sequences data = all.data();
  data.resets = flags;
  Eigen::VectorXd g, one, sum = Eigen::VectorXd::Zero(all.net.parameter_count());
  const double E = gradient(all.net, HalfSquaredError{}, data, all.workspace, g);
  Rtrl rtrl(all.net);
  double error = 0;
  for (Index t = 0; t < steps; ++t) {
    if (flags[static_cast<std::size_t>(t)] != 0) reset(rtrl, all.net);
    error += rtrl.step(all.net, HalfSquaredError{}, all.X.col(t), all.Z.col(t), one);
    sum += one;
  }
  CHECK(error == Approx(E).epsilon(1e-13));
  CHECK(difference(sum, g) < 1e-12);
}

}  // namespace resets
