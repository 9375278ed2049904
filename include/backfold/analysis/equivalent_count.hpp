// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "backfold/analysis/hidden_units.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Natural number of any length, as a product of small factors.
class BigNumber {
 public:
  /// @pre factor < 10^10, so that a digit's product and the carry fit into 64 bits
  void multiply_by(std::uint64_t factor) {
    std::uint64_t carry = 0;
    for (std::uint32_t& digit : digits_) {
      const std::uint64_t product = digit * factor + carry;
      digit = static_cast<std::uint32_t>(product % base);
      carry = product / base;
    }
    for (; carry > 0; carry /= base) digits_.push_back(static_cast<std::uint32_t>(carry % base));
  }

  [[nodiscard]] std::string decimal() const {
    std::string text = std::to_string(digits_.back());
    for (std::size_t i = digits_.size() - 1; i-- > 0;) {
      char digit[16];
      std::snprintf(digit, sizeof digit, "%09lu", static_cast<unsigned long>(digits_[i]));
      text += digit;
    }
    return text;
  }

 private:
  static constexpr std::uint64_t base = 1'000'000'000;
  std::vector<std::uint32_t> digits_{1};  ///< to base 10^9, the lowest first
};

/// Calls f with each factor of Π |H|!·2^|H|, over the hidden layers.
template <class Function>
void for_each_factor(const HiddenUnits& hidden, Function&& f) {
  hidden.check_layers();
  for (int layer = 1; layer < hidden.layer_count() - 1; ++layer) {
    if (!hidden.can_exchange(layer)) continue;
    for (Index i = 1; i <= hidden.units(layer); ++i) f(i * (hidden.can_negate(layer) ? 2 : 1));
  }
}

}  // namespace detail

/// Number of networks equivalent to one, itself included, in decimal digits: Π |H|!·2^|H| over the
/// hidden layers H, with the factor 2^|H| only if the activation is odd. So many points of weight
/// space give the same f if no two units are equal and each has an effect.
///
/// It counts exchanges and sign changes. Relu also allows scaling, and a Linear layer any
/// invertible matrix, so they have infinitely many more.
///
/// Source: Hecht-Nielsen, On the algebraic structure of feedforward network weight spaces (1990);
/// Sussmann, Uniqueness of the weights for minimal feedforward nets (1992), for one layer of Tanh,
/// which has no others.
///
/// @throws std::invalid_argument for a hidden layer that does not declare its symmetry
template <Real S, class... Layers>
[[nodiscard]] std::string equivalent_count(const Network<S, Layers...>& net) {
  detail::BigNumber count;
  detail::for_each_factor(detail::HiddenUnits(net), [&](Index factor) {
    count.multiply_by(static_cast<std::uint64_t>(factor));
  });
  return count.decimal();
}

/// The natural logarithm of equivalent_count: Σ ln |H|! + |H| ln 2.
///
/// It sums logarithms, since std::lgamma writes to a global variable and threads may share a
/// network.
template <Real S, class... Layers>
[[nodiscard]] double log_equivalent_count(const Network<S, Layers...>& net) {
  double sum = 0;
  detail::for_each_factor(detail::HiddenUnits(net),
                          [&](Index factor) { sum += std::log(static_cast<double>(factor)); });
  return sum;
}

BACKFOLD_END_NAMESPACE
