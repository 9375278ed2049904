// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "backfold/analysis/hidden_units.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Σ c_k v_k with distinct c_k between 1 and 2: c_k = 1 + the fractional part of k/golden ratio. It
/// is scaled down so that a sum of finite numbers cannot overflow.
inline double projection(const std::vector<double>& v) {
  double sum = 0, fraction = 0;
  for (const double number : v) {
    sum += (1 + fraction) * 0x1p-40 * number;
    fraction += 0.61803398874989485;
    if (fraction >= 1) fraction -= 1;
  }
  return sum;
}

/// Numbers that identify a unit. Settled numbers are not changed by any symmetry of other units
/// that remains to be decided; the others enter by their magnitudes in ascending order.
struct UnitKey {
  std::vector<double> signed_numbers;  ///< settled; change sign with the unit
  std::vector<double> kept_numbers;    ///< settled; from the unit to itself
  std::vector<double> magnitudes;      ///< not settled
  double height = 0;                   ///< projection of the settled numbers

  void add_magnitudes(std::vector<double> numbers) {
    for (double& number : numbers) number = std::abs(number);
    std::sort(numbers.begin(), numbers.end());
    magnitudes.insert(magnitudes.end(), numbers.begin(), numbers.end());
  }

  /// Sign of the projection or, if that is 0, of the first nonzero number.
  [[nodiscard]] bool is_negative() const {
    const double sum = projection(signed_numbers);
    if (sum != 0) return sum < 0;
    const auto first = std::find_if(signed_numbers.begin(), signed_numbers.end(),
                                    [](double number) { return number != 0; });
    return first != signed_numbers.end() && *first < 0;
  }

  /// True if all numbers of another unit, or of its negative, are within a tolerance of these.
  [[nodiscard]] bool matches(const UnitKey& other, bool negated, double tolerance) const {
    return match(signed_numbers, other.signed_numbers, negated, tolerance) &&
           match(kept_numbers, other.kept_numbers, false, tolerance) &&
           match(magnitudes, other.magnitudes, false, tolerance);
  }

  friend bool operator<(const UnitKey& a, const UnitKey& b) {
    if (a.height != b.height) return a.height < b.height;
    if (a.signed_numbers != b.signed_numbers) return a.signed_numbers < b.signed_numbers;
    if (a.kept_numbers != b.kept_numbers) return a.kept_numbers < b.kept_numbers;
    return a.magnitudes < b.magnitudes;
  }

 private:
  static bool match(const std::vector<double>& a, const std::vector<double>& b, bool negated,
                    double tolerance) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!(std::abs(a[i] - (negated ? -b[i] : b[i])) <= tolerance)) return false;
    }
    return true;
  }
};

/// Reads the keys of units from w, and records which layers are settled: the places and signs of
/// their units are final.
class UnitKeys {
 public:
  UnitKeys(const HiddenUnits& hidden, const double* w, const std::vector<bool>& settled)
      : hidden_(hidden), w_(w), settled_(settled) {}

  [[nodiscard]] UnitKey of(int layer, Index unit) const {
    UnitKey result;
    for (const Block& b : hidden_.blocks()) {
      if (b.layer == layer) {
        for (Index gate = 0; gate < hidden_.gates(b); ++gate) {
          add(result, b, layer, unit, row(b, gate * hidden_.units(layer) + unit));
        }
      }
      if (HiddenUnits::leads_from(b, layer) && !HiddenUnits::is_one_to_one(b.connection)) {
        if (b.layer == layer) {
          for (Index gate = 0; gate < hidden_.gates(b); ++gate) {
            std::vector<double> numbers = column(b, unit, gate * b.columns, b.columns);
            (numbers.erase)(numbers.begin() + unit);
            result.add_magnitudes((std::move)(numbers));
          }
        } else if (settled_[at(b.layer)]) {
          append(result.signed_numbers, column(b, unit, 0, b.rows));
        } else {
          result.add_magnitudes(column(b, unit, 0, b.rows));
        }
      }
    }
    result.height = projection(result.signed_numbers) + projection(result.kept_numbers) / 3;
    return result;
  }

 private:
  static std::size_t at(Index i) { return HiddenUnits::at(i); }

  /// Adds the incoming weights of a unit from one row of one block.
  void add(UnitKey& key, const Block& b, int layer, Index unit, std::vector<double> numbers) const {
    if (b.kind == Block::Kind::Weights && b.connection.source == layer) {
      const auto own = numbers.begin() + (HiddenUnits::is_one_to_one(b.connection) ? 0 : unit);
      key.kept_numbers.push_back(*own);
      (numbers.erase)(own);
      key.add_magnitudes((std::move)(numbers));
    } else if (b.kind != Block::Kind::Weights || settled_[at(b.connection.source)]) {
      append(key.signed_numbers, numbers);
    } else {
      key.add_magnitudes((std::move)(numbers));
    }
  }

  [[nodiscard]] std::vector<double> row(const Block& b, Index row) const {
    std::vector<double> numbers;
    for (Index i = row; i < b.size(); i += b.rows) numbers.push_back(w_[b.offset + i]);
    return numbers;
  }
  [[nodiscard]] std::vector<double> column(const Block& b, Index column, Index first,
                                           Index count) const {
    const double* const numbers = w_ + b.offset + column * b.rows + first;
    return {numbers, numbers + count};
  }
  static void append(std::vector<double>& list, const std::vector<double>& more) {
    list.insert(list.end(), more.begin(), more.end());
  }

  const HiddenUnits& hidden_;
  const double* w_;
  const std::vector<bool>& settled_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
