// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "backfold/activation/activate.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/norm.hpp"
#include "backfold/core/unroll.hpp"
#include "backfold/gradient/weight_gradients.hpp"
#include "backfold/network/forward.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Statistics of one layer over all samples and steps of a batch. Means and variances are over all
/// rows too: units or, for a cell, the net inputs of all its gates. A variance divides by the
/// count.
struct LayerStatistics {
  double net_mean = 0, net_variance = 0;        ///< of net inputs
  double output_mean = 0, output_variance = 0;  ///< of activations
  double delta_mean = 0, delta_variance = 0;    ///< of deltas, ∂E/∂net
  /// Share of the net inputs at which |φ'| is less than 1 % of its largest value; for a cell, of
  /// the functions of its gates. NaN for a layer that has none, such as Softmax or LayerNorm.
  double saturated = 0;
  /// Share of the units (of a cell, of the gates' units) whose φ' is 0 in every sample and step, as
  /// of a Relu whose outputs are all 0: no error passes through them. NaN where `saturated` is.
  double dead = 0;
  double gradient_norm = 0;  ///< ‖∂E/∂w‖ of the layer's block of w
};

namespace detail {

/// The columns of a batch that are steps of a sequence, not its padding.
struct StepColumns {
  Index batch = 1, steps = 1;
  const Index* lengths = nullptr;  ///< null: all

  [[nodiscard]] Index steps_of(Index b) const { return lengths == nullptr ? steps : lengths[b]; }
  /// Calls f(column) for each of them.
  template <class Function>
  void for_each(const Function& f) const {
    for (Index t = 0; t < steps; ++t) {
      for (Index b = 0; b < batch; ++b) {
        if (t < steps_of(b)) f(t * batch + b);
      }
    }
  }
};

struct Moments {
  double mean, variance;
};

/// Mean and variance of `rows` numbers in each of the columns.
template <class S>
BACKFOLD_NO_INLINE Moments moments_of(const S* x, Index rows, const StepColumns& columns) {
  double sum = 0, squares = 0, count = 0;
  columns.for_each([&](Index c) {
    for (Index i = 0; i < rows; ++i) sum += static_cast<double>(x[c * rows + i]);
    count += static_cast<double>(rows);
  });
  if (count == 0) return {hidden_nan(), hidden_nan()};
  const double mean = sum / count;
  double rest = 0;  // the mean is rounded
  columns.for_each([&](Index c) {
    for (Index i = 0; i < rows; ++i) {
      const double d = static_cast<double>(x[c * rows + i]) - mean;
      rest += d;
      squares += d * d;
    }
  });
  rest /= count;
  return {mean + rest, (std::max)(squares / count - rest * rest, 0.0)};
}

/// norms[k] ← norm of the columns k steps before the last one of their sequence.
template <class S>
BACKFOLD_NO_INLINE void norms_by_steps_back(const S* x, Index rows, const StepColumns& columns,
                                            double* norms) {
  for (Index k = 0; k < columns.steps; ++k) {
    double norm = 0;
    for (Index b = 0; b < columns.batch; ++b) {
      const Index t = columns.steps_of(b) - 1 - k;
      if (t < 0) continue;
      norm = std::hypot(norm, norm_of(x + (t * columns.batch + b) * rows, rows));
    }
    norms[k] = norm;
  }
}

/// Largest |φ'| at 1025 net inputs from −16 to 16.
template <class S, class Function>
double largest_derivative(const Function& function) {
  constexpr Index count = 41;
  S net[count], output[count], derivative[count];
  double largest = 0;
  for (Index first = 0; first < 25 * count; first += count) {
    for (Index i = 0; i < count; ++i) {
      net[i] = S(first + i) / 32 - 16;
      derivative[i] = 1;
    }
    activate<Dynamic>(function, net, output, Index{1}, count);
    multiply_by_derivative<Dynamic>(function, net, output, derivative, Index{1}, count);
    for (const S d : derivative) largest = (std::max)(largest, std::abs(static_cast<double>(d)));
  }
  return largest;
}

/// Shares of saturated numbers and of dead units, from φ' in all columns.
template <class S>
BACKFOLD_NO_INLINE void count_derivatives(const S* derivative, Index units,
                                          const StepColumns& columns, double largest,
                                          LayerStatistics& statistics) {
  Index saturated = 0, dead = 0, count = 0;
  for (Index i = 0; i < units; ++i) {
    bool is_dead = true;
    columns.for_each([&](Index c) {
      const double d = std::abs(static_cast<double>(derivative[c * units + i]));
      saturated += d < 0.01 * largest;
      is_dead &= d == 0;
      ++count;
    });
    dead += is_dead;
  }
  const bool is_empty = count == 0;
  statistics.saturated = is_empty ? hidden_nan() : double(saturated) / double(count);
  statistics.dead = is_empty ? hidden_nan() : double(dead) / double(units);
}

/// Statistics of the layers in a pass that has run forward and back, by the numbers that it left
/// in its workspace. Net inputs are summed again: a pass keeps them only where its pull-back reads
/// them, and overwrites some.
template <class P>
class PassStatistics {
 public:
  using S = typename P::S;
  using Arch = typename P::Arch;
  template <int L>
  using LayerType = typename Arch::template LayerType<L>;

  /// Length of each of the two buffers.
  static Index buffer_size(const Arch& architecture, Index columns) {
    Index largest = 0;
    for_each_index<Arch::output_layer>([&](auto l) {
      constexpr int layer = l() + 1;
      largest = (std::max)(
          largest, net_gates<LayerType<layer>>() * columns * architecture.template units<layer>());
    });
    return largest;
  }

  /// @param gradient as long as w
  PassStatistics(const P& pass, const Index* lengths, const S* gradient, S* net, S* derivative)
      : pass_(pass),
        columns_{pass.batch(), pass.steps(), lengths},
        gradient_(gradient),
        net_(net),
        derivative_(derivative) {
    gather_biases(pass_);  // the way back has used their place for the gradient of the bias
  }

  template <int L>
  [[nodiscard]] LayerStatistics of_layer() const {
    LayerStatistics result;
    const Arch& architecture = pass_.architecture();
    const Index units = pass_.template units<L>();
    const Index rows = net_gates<LayerType<L>>() * units;
    sum_net<L>();
    auto set = [](const Moments& moments, double& mean, double& variance) {
      mean = moments.mean;
      variance = moments.variance;
    };
    set(moments_of(net_, rows, columns_), result.net_mean, result.net_variance);
    set(moments_of(pass_.template own_output<L>(), units, columns_), result.output_mean,
        result.output_variance);
    set(moments_of(net_delta<L>(pass_, 0), rows, columns_), result.delta_mean,
        result.delta_variance);
    find_saturated<L>(result);
    const Index first = architecture.template block_offset<L>();
    result.gradient_norm =
        norm_of(gradient_ + first, architecture.template block_offset<L + 1>() - first);
    return result;
  }

  /// norms[k] ← ‖∂E/∂net‖ of layer L, k steps before the last one of each sequence.
  template <int L>
  void delta_norms(double* norms) const {
    const Index rows = net_gates<LayerType<L>>() * pass_.template units<L>();
    norms_by_steps_back(net_delta<L>(pass_, 0), rows, columns_, norms);
  }

 private:
  /// Net inputs of layer L in all columns.
  template <int L>
  void sum_net() const {
    using List = FeedsOf<typename P::Graph, LayerType<L>, L>;
    start_unreached<L, List>(pass_, net_, pass_.columns());
    for_each_index<List::count>([&](auto k) {
      constexpr Connection c = LayerType<L>::connections[List::value[k()].connection];
      const auto rows =
          fed_rows<L, k(), List, P::all_columns>(List{}, pass_, net_, pass_.columns());
      add_contribution<L, k()>(List{}, pass_, delayed_outputs<c.source_of(L), c.delay>(pass_), rows,
                               Unchanged{});
    });
  }

  /// @pre net_ is of layer L
  template <int L>
  void find_saturated([[maybe_unused]] LayerStatistics& result) const {
    result.saturated = result.dead = hidden_nan();
    if constexpr (fuses_activation<LayerType<L>>) {
      using Function = typename LayerType<L>::ActivationType;
      if constexpr (ElementwiseActivation<Function>) {
        const Function& function = pass_.architecture().template layer<L>().activation();
        const Index units = pass_.template units<L>();
        std::fill_n(derivative_, units * pass_.columns(), S(1));
        multiply_by_derivative<Dynamic>(function, static_cast<const S*>(net_),
                                        static_cast<const S*>(pass_.template own_output<L>()),
                                        derivative_, units, pass_.columns());
        count_derivatives(derivative_, units, columns_, largest_derivative<S>(function), result);
      }
    } else if constexpr (HasGateSlopes<LayerType<L>, S>) {
      const Index units = pass_.template units<L>();
      pass_.architecture().template layer<L>().gate_slopes(static_cast<const S*>(net_), derivative_,
                                                           units, pass_.columns());
      count_derivatives(derivative_, net_gates<LayerType<L>>() * units, columns_, 1, result);
    }
  }

  const P& pass_;
  StepColumns columns_;
  const S* gradient_;
  S* net_;
  S* derivative_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
