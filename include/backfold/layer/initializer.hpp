// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/random.hpp"
#include "backfold/core/size.hpp"
#include "backfold/layer/connection.hpp"

/// Initializers draw the weights of one connection at a time: a column-major block of `units` rows
/// (targets) and `fan_in` columns (sources). They draw in double and round, so a network of floats
/// starts as the rounded network of doubles. Biases are 0 unless an initializer has
/// `draw_bias(random)`. Optional functions: `fill_at(place, random, w, units, fan_in)` for weights
/// that depend on their place in the network, and `fill_diagonal(random, w, units)` for diagonal
/// connections.

BACKFOLD_BEGIN_NAMESPACE

/// A type that can fill the weights of a connection.
template <class Init>
concept Initializer = requires(const Init initializer, Random& random, double* w) {
  initializer.fill(random, w, Index{}, Index{});
};

/// Place of a block of weights in a network.
struct WeightsPlace {
  int layer;              ///< the target layer
  Connection connection;  ///< its source is the index of a layer
  int gates;              ///< blocks of rows, one for each gate

  /// True for weights from a layer to itself.
  [[nodiscard]] bool is_recurrent() const { return connection.source == layer; }
};

namespace detail {

/// Fills the weights of a connection by the most specific of an initializer's functions.
template <class Init, class Generator, class S>
void fill_weights(const Init& initializer, Generator& random, S* w, Index units, Index fan_in,
                  const WeightsPlace& place) {
  if constexpr (requires { initializer.fill_at(place, random, w, units, fan_in); }) {
    return initializer.fill_at(place, random, w, units, fan_in);
  } else if constexpr (requires { initializer.fill_diagonal(random, w, units); }) {
    if (place.connection.weights == Weights::Diagonal) {
      return initializer.fill_diagonal(random, w, units);
    }
  }
  initializer.fill(random, w, units, fan_in);
}

/// @throws std::invalid_argument unless the number is finite
inline void check_finite(const char* what, double value) {
  if (!is_finite(value)) fail_argument(what, " must be finite, got ", value);
}

template <class S, class Draw>
void fill_each(S* w, Index units, Index fan_in, const Draw& draw) {
  const Index count = (Size(units) * fan_in).value("initializer");
  for (Index i = 0; i < count; ++i) w[i] = static_cast<S>(draw());
}

}  // namespace detail

/// Uniform between low and high; by default the lecture's [−0.1, 0.1]. Biases are 0.
struct Uniform {
  double low = -0.1;
  double high = 0.1;

  /// @throws std::invalid_argument unless low <= high, and both and high − low are finite
  template <BitGenerator64 G, class S>
  void fill(G& random, S* w, Index units, Index fan_in) const {
    (check)();
    detail::fill_each(w, units, fan_in, [&] { return uniform(random, low, high); });
  }
  void(check)() const {
    if (!(low <= high && is_finite(high - low))) {
      fail_argument("Uniform: needs finite low <= high, got ", low, " and ", high);
    }
  }
};

/// Normal with a mean and a standard deviation. Biases are 0.
struct Normal {
  double mean = 0;
  double deviation = 0.1;

  /// @throws std::invalid_argument unless both are finite and the deviation is not negative
  template <BitGenerator64 G, class S>
  void fill(G& random, S* w, Index units, Index fan_in) const {
    detail::check_finite("Normal: mean", mean);
    if (!(deviation >= 0 && is_finite(deviation))) {
      fail_argument("Normal: deviation must be finite and >= 0, got ", deviation);
    }
    detail::fill_each(w, units, fan_in, [&] { return mean + deviation * normal(random); });
  }
};

/// Uniform in ±√(6/(fan_in + units)): preserves the variance through sigmoid and tanh layers,
/// forward and backward. Source: Glorot & Bengio, Understanding the difficulty of training deep
/// feedforward networks (2010).
struct Glorot {
  template <BitGenerator64 G, class S>
  void fill(G& random, S* w, Index units, Index fan_in) const {
    const double limit = std::sqrt(6.0 / static_cast<double>(fan_in + units));
    Uniform{-limit, limit}.fill(random, w, units, fan_in);
  }
};

/// Normal with deviation √(2/fan_in): preserves the variance through rectifier layers. Source: He
/// et al., Delving deep into rectifiers (2015).
struct He {
  template <BitGenerator64 G, class S>
  void fill(G& random, S* w, Index units, Index fan_in) const {
    Normal{0, std::sqrt(2.0 / static_cast<double>(fan_in))}.fill(random, w, units, fan_in);
  }
};

/// Normal with deviation √(1/fan_in): preserves the variance through layers with φ'(0) = 1. Source:
/// LeCun et al., Efficient BackProp (1998).
struct LeCun {
  template <BitGenerator64 G, class S>
  void fill(G& random, S* w, Index units, Index fan_in) const {
    Normal{0, std::sqrt(1.0 / static_cast<double>(fan_in))}.fill(random, w, units, fan_in);
  }
};

/// The identity matrix times a gain; the weights of a diagonal connection are the gain. For weights
/// that are not square see Recurrently.
struct Identity {
  double gain = 1;

  /// @throws std::invalid_argument if the gain is not finite
  template <BitGenerator64 G, class S>
  void fill(G&, S* w, Index units, Index fan_in) const {
    detail::check_finite("Identity: gain", gain);
    for (Index j = 0; j < fan_in; ++j) {
      for (Index i = 0; i < units; ++i) w[j * units + i] = static_cast<S>(i == j ? gain : 0);
    }
  }
  template <BitGenerator64 G, class S>
  void fill_diagonal(G&, S* w, Index units) const {
    detail::check_finite("Identity: gain", gain);
    for (Index i = 0; i < units; ++i) w[i] = static_cast<S>(gain);
  }
};

/// A random matrix with orthonormal rows or columns (whichever are fewer) times a gain.
/// Source: Saxe, McClelland & Ganguli, Exact solutions to the nonlinear dynamics of learning
/// (2014).
struct Orthogonal {
  double gain = 1;

  /// Allocates a buffer of doubles. @throws std::invalid_argument if the gain is not finite
  template <BitGenerator64 G, class S>
  void fill(G& random, S* w, Index units, Index fan_in) const {
    detail::check_finite("Orthogonal: gain", gain);
    const Index length = units > fan_in ? units : fan_in;
    const Index count = units > fan_in ? fan_in : units;
    const Index numbers = (detail::Size(length) * count).value("Orthogonal");
    std::vector<double> vectors(static_cast<std::size_t>(numbers));
    for (Index k = 0; k < count; ++k) {
      double* const v = vectors.data() + k * length;
      double norm = 0;
      do {  // drawn again if it is in the span of the vectors before
        for (Index i = 0; i < length; ++i) v[i] = normal(random);
        orthogonalise(vectors.data(), k, length);
        orthogonalise(vectors.data(), k, length);  // twice is enough (Kahan, Parlett)
        norm = std::sqrt(dot(v, v, length));
      } while (norm < 1e-6);
      for (Index i = 0; i < length; ++i) v[i] /= norm;
    }
    for (Index j = 0; j < fan_in; ++j) {
      for (Index i = 0; i < units; ++i) {
        const Index at = units > fan_in ? j * length + i : i * length + j;
        w[j * units + i] = static_cast<S>(gain * vectors[static_cast<std::size_t>(at)]);
      }
    }
  }

 private:
  static double dot(const double* a, const double* b, Index n) {
    double result = 0;
    for (Index i = 0; i < n; ++i) result += a[i] * b[i];
    return result;
  }
  static void orthogonalise(double* vectors, Index k, Index length) {
    double* const v = vectors + k * length;
    for (Index j = 0; j < k; ++j) {
      const double* const u = vectors + j * length;
      const double along = dot(u, v, length);
      for (Index i = 0; i < length; ++i) v[i] -= along * u[i];
    }
  }
};

BACKFOLD_END_NAMESPACE
