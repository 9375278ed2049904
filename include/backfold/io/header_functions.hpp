// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Functions at the beginning of each exported header, which use no library. They follow `Scalar`,
/// `series` (1/i! from i = 1 on), `series_terms`, `largest_exponent` and `log_terms`.
inline constexpr const char* header_functions = R"(
constexpr Scalar power_of_two(int k) {
  Scalar power = 1, factor = k < 0 ? Scalar(0.5) : Scalar(2);
  for (int n = k < 0 ? -k : k; n > 0; n /= 2) {
    if (n % 2 == 1) power *= factor;
    factor *= factor;
  }
  return power;
}

// exp(r) - 1 for |r| <= ln(2)/2, by Taylor's series.
constexpr Scalar short_expm1(Scalar r) {
  Scalar sum = 0;
  for (int i = series_terms; i-- > 0;) sum = sum * r + series[i];
  return sum * r;
}

constexpr Scalar exp(Scalar x) {
  if (x != x) return x;
  if (x < -largest_exponent) return 0;
  if (x > largest_exponent) x = largest_exponent;
  const int k = int(x * Scalar(1.4426950408889634) + (x < 0 ? Scalar(-0.5) : Scalar(0.5)));
  // ln 2 in two parts, so that k times the first has no error.
  const Scalar r = (x - Scalar(k) * Scalar(0.693145751953125)) -
                   Scalar(k) * Scalar(1.4286068203094172e-06);
  return (1 + short_expm1(r)) * power_of_two(k);
}

constexpr Scalar expm1(Scalar x) {
  return x > Scalar(-0.34) && x < Scalar(0.34) ? short_expm1(x) : exp(x) - 1;
}

constexpr Scalar sigmoid(Scalar x) {
  const Scalar e = exp(x < 0 ? x : -x);
  return (x < 0 ? e : 1) / (1 + e);
}

constexpr Scalar tanh(Scalar x) {
  const Scalar e = expm1(x < 0 ? 2 * x : -2 * x);
  return (x < 0 ? e : -e) / (2 + e);
}

// max(x, 0) + ln(1 + u), u = exp(-|x|), by the series of the inverse hyperbolic tangent.
constexpr Scalar softplus(Scalar x) {
  const Scalar u = exp(x < 0 ? x : -x), s = u / (2 + u);
  Scalar sum = 0;
  for (int i = log_terms; i-- > 0;) sum = sum * s * s + 2 / Scalar(2 * i + 1);
  return (x < 0 ? 0 : x) + sum * s;
}

// 1/2 + exp(-x^2/2)/sqrt(2 pi) (x + x^3/3 + x^5/15 + ...), all terms of one sign.
constexpr Scalar normal_cdf(Scalar x) {
  if (x != x) return x;
  if (x < -9) return 0;
  if (x > 9) return 1;
  Scalar term = x, sum = x, before = 0;
  for (int i = 3; sum != before; i += 2) {
    before = sum;
    term *= x * x / Scalar(i);
    sum += term;
  }
  return Scalar(0.5) + Scalar(0.3989422804014327) * exp(-x * x / 2) * sum;
}

constexpr Scalar square_root(Scalar x) {
  if (!(x > 0) || x - x != 0) return x == 0 ? x : x - x;  // not a number
  Scalar scale = 1;
  while (x > 4) x /= 4, scale *= 2;
  while (x < 1) x *= 4, scale /= 2;
  Scalar root = (1 + x) / 2;
  for (int i = 0; i < 6; ++i) root = (root + x / root) / 2;
  return root * scale;
}

constexpr void softmax(Scalar* x, int n) {
  Scalar largest = x[0], sum = 0;
  for (int i = 1; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  for (int i = 0; i < n; ++i) sum += x[i] = exp(x[i] - largest);
  for (int i = 0; i < n; ++i) x[i] /= sum;
}

// own: gain, then shift.
constexpr void layer_norm(const Scalar* net, const Scalar* own, Scalar epsilon, Scalar* x, int n) {
  Scalar low = net[0], high = net[0], mean = 0, rest = 0, largest = 1, variance = 0;
  for (int i = 0; i < n; ++i) {
    low = net[i] < low ? net[i] : low;
    high = net[i] > high ? net[i] : high;
    mean += net[i] / Scalar(n);
  }
  mean = mean < low ? low : mean > high ? high : mean;
  for (int i = 0; i < n; ++i) rest += (net[i] - mean) / Scalar(n);
  for (int i = 0; i < n; ++i) {
    x[i] = (net[i] - mean) - rest;
    const Scalar size = x[i] < 0 ? -x[i] : x[i];
    largest = size > largest ? size : largest;
  }
  for (int i = 0; i < n; ++i) variance += (x[i] / largest) * (x[i] / largest);
  const Scalar deviation = square_root(variance / Scalar(n) + epsilon / largest / largest);
  for (int i = 0; i < n; ++i) x[i] = own[i] * (x[i] / largest / deviation) + own[n + i];
}

// Gates i, f, g, o.
constexpr void lstm(const Scalar* net, Scalar* memory, Scalar* x, int n) {
  for (int i = 0; i < n; ++i) {
    memory[i] = sigmoid(net[n + i]) * memory[i] + sigmoid(net[i]) * tanh(net[2 * n + i]);
    x[i] = sigmoid(net[3 * n + i]) * tanh(memory[i]);
  }
}

// Gates r, z, n; `hidden` is the part that the reset gate acts on.
constexpr void gru(const Scalar* net, const Scalar* hidden, const Scalar* before, Scalar* x,
                   int n) {
  for (int i = 0; i < n; ++i) {
    const Scalar r = sigmoid(net[i] + hidden[i]), z = sigmoid(net[n + i] + hidden[n + i]);
    const Scalar candidate = tanh(net[2 * n + i] + r * hidden[2 * n + i]);
    x[i] = candidate + z * (before[i] - candidate);
  }
}

// Gates z, c.
constexpr void min_gru(const Scalar* net, Scalar* memory, Scalar* x, int n) {
  for (int i = 0; i < n; ++i) {
    memory[i] += sigmoid(net[i]) * (net[n + i] - memory[i]);
    x[i] = memory[i];
  }
}

constexpr void copy(const Scalar* from, Scalar* to, int n) {
  for (int i = 0; i < n; ++i) to[i] = from[i];
}

// net += W x, W row by row.
constexpr void add_product(const Scalar* w, const Scalar* x, Scalar* net, int rows, int columns) {
  for (int i = 0; i < rows; ++i) {
    Scalar sum = 0;
    for (int j = 0; j < columns; ++j) sum += w[i * columns + j] * x[j];
    net[i] += sum;
  }
}

// net += W x, W = diag(scale) times a matrix of integers.
template <class Integer>
constexpr void add_product(const Integer* w, const Scalar* scale, const Scalar* x, Scalar* net,
                           int rows, int columns) {
  for (int i = 0; i < rows; ++i) {
    Scalar sum = 0;
    for (int j = 0; j < columns; ++j) sum += Scalar(w[i * columns + j]) * x[j];
    net[i] += scale[i] * sum;
  }
}

// net += w x, a weight for each row; x is used again for each gate.
constexpr void add_diagonal(const Scalar* w, const Scalar* x, Scalar* net, int rows, int units) {
  for (int i = 0; i < rows; ++i) net[i] += w[i] * x[i % units];
}

constexpr void add_sum(const Scalar* x, Scalar* net, int rows, int units) {
  for (int i = 0; i < rows; ++i) net[i] += x[i % units];
}

// net += the column of W that x[0] names.
constexpr void add_column(const Scalar* w, const Scalar* x, Scalar* net, int rows, int columns) {
  for (int i = 0; i < rows; ++i) net[i] += w[i * columns + int(x[0])];
}

template <class Integer>
constexpr void add_column(const Integer* w, const Scalar* scale, const Scalar* x, Scalar* net,
                          int rows, int columns) {
  for (int i = 0; i < rows; ++i) net[i] += scale[i] * Scalar(w[i * columns + int(x[0])]);
}

// Moves `count` vectors of n numbers one step into the past and puts x in front.
constexpr void remember(const Scalar* x, Scalar* past, int count, int n) {
  for (int i = count * n; i-- > n;) past[i] = past[i - n];
  copy(x, past, n);
}
)";

}  // namespace detail

BACKFOLD_END_NAMESPACE
