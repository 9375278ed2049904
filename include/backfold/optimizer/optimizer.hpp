// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <limits>
#include <type_traits>

#include "backfold/core/array.hpp"
#include "backfold/core/elementwise.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/size.hpp"
#include "backfold/core/types.hpp"
#include "backfold/optimizer/ranges.hpp"

/// Optimizers depend on a vector w and an objective, not on a network. An optimizer has only
/// settings; the numbers that it keeps between steps are its State, made by `start`.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Up to this static number of parameters, an optimizer's state is stored in the object; above, on
/// the heap.
inline constexpr Index largest_inline_state = 4096;

/// Vectors of an optimizer's state, each as long as w, in one buffer.
template <Real S, Index N, int Count>
class StateVectors {
 public:
  explicit StateVectors(Index n) : numbers_(size(n)), n_(n) {}

  /// @throws std::invalid_argument if the state has been moved from
  S* operator[](int vector) { return numbers_.data() + offset(vector); }
  const S* operator[](int vector) const { return numbers_.data() + offset(vector); }
  [[nodiscard]] Index size() const { return n_; }

 private:
  static constexpr bool is_inline = N != Dynamic && N <= largest_inline_state;
  static constexpr Index line = 64 / sizeof(S);
  static constexpr Index stride(Index n) { return (n + line - 1) / line * line; }
  [[nodiscard]] Index offset(int vector) const {
    if (numbers_.size() == 0) fail_argument("optimizer: its state has been moved from");
    return vector * stride(n_);
  }
  static constexpr Index size(Index n) {
    return (detail::Size(n).rounded_up(line) * Index{Count}).value("optimizer: its state");
  }
  detail::Array<S, is_inline ? size(N) : Dynamic> numbers_;
  Index n_;
};

}  // namespace detail

/// An optimizer: settings with a check, a State<S, N>, and the step.
///
///     template <Real S, Index N, class Objective>
///     double step(S* w, Objective&& objective, State<S, N>& state) const;
///
/// `objective(const S* w, S* gradient)` returns E and overwrites the gradient. `step` returns E at
/// the point where the gradient was evaluated. If E or the gradient is not finite, it returns NaN
/// and changes neither w nor the state. An optimizer with settings for single parameters may have a
/// `check_count(Index n)`, called by `start`, which throws if they are not for n parameters. An
/// optimizer whose passes over w are elementwise may take `ranges` (ranges.hpp) as last argument of
/// `step`; the threads of a training then share them.
template <class O>
concept Optimizer = requires(const O optimizer, double* w,
                             double (*objective)(const double*, double*),
                             typename O::template State<double, Dynamic>& state) {
  (optimizer.check)();
  { optimizer.step(w, objective, state) } -> std::same_as<double>;
};

namespace detail {

/// An optimizer whose step takes ranges.
template <class O, class Ranges>
concept TakesRanges = requires(const O optimizer, double* w,
                               double (*objective)(const double*, double*),
                               typename O::template State<double, Dynamic>& state,
                               const Ranges& ranges) {
  { optimizer.step(w, objective, state, ranges) } -> std::same_as<double>;
};

/// A step, in ranges if the optimizer takes them.
template <class O, Real S, class Objective, class State, class Ranges>
BACKFOLD_ALWAYS_INLINE double step_in_ranges(const O& optimizer, S* w, const Objective& objective,
                                             State& state, [[maybe_unused]] const Ranges& ranges) {
  if constexpr (TakesRanges<O, Ranges>) {
    return optimizer.step(w, objective, state, ranges);
  } else {
    return optimizer.step(w, objective, state);
  }
}

/// A wrapper: an optimizer around another one, its member `inner`.
template <class O>
concept WrapsOptimizer = requires(O& optimizer) {
  requires Optimizer<std::remove_cvref_t<decltype(optimizer.inner)>>;
};

/// Calls check_count(n), if it exists, of an optimizer and of the optimizers that it wraps.
template <class O>
void check_counts(const O& optimizer, Index n) {
  if constexpr (requires { optimizer.check_count(n); }) optimizer.check_count(n);
  if constexpr (WrapsOptimizer<O>) check_counts(optimizer.inner, n);
}

/// Checks an optimizer's settings, including those that depend on the number of parameters.
template <class O>
void check_for(const O& optimizer, Index n) {
  (optimizer.check)();
  check_counts(optimizer, n);
}

}  // namespace detail

/// The optimizer inside all wrappers, which has the learning rate:
/// `innermost(clipped).learning_rate`. Without wrappers it is the optimizer itself.
template <class O>
[[nodiscard]] constexpr auto& innermost(O& optimizer) {
  if constexpr (detail::WrapsOptimizer<O>) {
    return innermost(optimizer.inner);
  } else {
    return optimizer;
  }
}

/// Checks an optimizer's settings and makes its state for n parameters. Only this function
/// allocates. @throws std::invalid_argument for settings out of range or for another number of
/// parameters, n < 1, or n other than N
template <Real S, Index N = Dynamic, class O>
auto start(const O& optimizer, Index n = N) {
  static_assert(Optimizer<O>, "backfold: not an optimizer: it needs check(), State and step()");
  if (n < 1) fail_argument("optimizer: there are no parameters");
  if (N != Dynamic && n != N) {
    fail_argument("optimizer: its state is for ", N, " parameters, not for ", n);
  }
  detail::check_for(optimizer, n);
  return typename O::template State<S, N>(n);
}

namespace detail {

/// The static size of a range of N numbers: N if it is the only one.
template <Index N, class Ranges>
inline constexpr Index range_size = std::is_same_v<Ranges, OneRange> ? N : Dynamic;

/// Evaluates E and the gradient at w; false if a number is not finite.
template <Index N, class Objective, Real S, class Ranges>
BACKFOLD_ALWAYS_INLINE bool evaluate_finite(Objective&& objective, const S* w, S* gradient, Index n,
                                            double& error, const Ranges& ranges) {
  error = objective(w, gradient);
  const auto is_finite_range = [&](Index first, Index count) BACKFOLD_INLINE_LAMBDA {
    return all_finite<range_size<N, Ranges>>(gradient + first, count);
  };
  if (is_finite(error) && ranges.all(n, is_finite_range)) return true;
  error = hidden_nan();
  return false;
}

/// @throws std::invalid_argument unless a setting is in [low, high)
inline void check_setting(const char* name, double value, double low, double high) {
  if (!(value >= low && value < high)) {
    fail_argument(name, " must be >= ", low, " and < ", high, ", got ", value);
  }
}
inline void check_above_zero(const char* name, double value) {
  if (!(value > 0 && is_finite(value))) {
    fail_argument(name, " must be positive and finite, got ", value);
  }
}
inline void check_not_negative(const char* name, double value) {
  if (!(value >= 0 && is_finite(value))) {
    fail_argument(name, " must be finite and >= 0, got ", value);
  }
}

/// Flushes denormal numbers to 0: a decaying moment would otherwise slow down every later step.
template <class V>
BACKFOLD_ALWAYS_INLINE V flushed(const V& v) {
  return select(abs(v) < V((std::numeric_limits<typename V::Scalar>::min)()), V(0), v);
}

/// One pass over the gradient and the vectors that it updates: f(g, v...) on references to their
/// lanes.
template <Index N, class Ranges, Real S, class Function, class... Vectors>
BACKFOLD_ALWAYS_INLINE void fused_pass(const Ranges& ranges, Index n, const S* gradient,
                                       const Function& f, Vectors*... vectors) {
  using V = LanesFor<S, N>;
  ranges.for_each(n, [&](Index first, Index size) BACKFOLD_INLINE_LAMBDA {
    for_strips<V::size, range_size<N, Ranges>>(size, [&](Index strip, auto count) {
      const Index i = first + strip;
      [&](auto... lanes) {
        f(load_strip<V>(gradient + i, count), lanes...);
        (store_strip(lanes, vectors + i, count), ...);
      }(load_strip<V>(vectors + i, count)...);
    });
  });
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
