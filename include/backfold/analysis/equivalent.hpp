// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "backfold/analysis/unit_key.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/layer/same_but_for_size.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Search for a symmetry that maps w_a to w_b within a tolerance.
///
/// Each unit of a has candidates among the units of b, with a sign: units with the same key. Each
/// weight between two hidden units rules out pairs of candidates. A unit with one candidate is
/// matched, which leaves fewer candidates to the units connected with it. If every unit has
/// several, the search branches on the unit with the fewest. Nothing is sorted, so numbers that are
/// equal up to rounding need no order.
class UnitMatching {
 public:
  UnitMatching(const HiddenUnits& hidden, const double* a, const double* b, double tolerance)
      : hidden_(hidden), a_(a), b_(b), tolerance_(tolerance) {}

  [[nodiscard]] bool exists() const {
    if (!fixed_numbers_match()) return false;
    Search search;
    for (int layer = 1; layer < hidden_.layer_count() - 1; ++layer) {
      if (hidden_.can_exchange(layer)) add_units(search, layer);
    }
    return complete(search);
  }

 private:
  /// ±(unit + 1) in b: place and sign of a unit of a.
  using Image = std::int32_t;
  static Index place(Image image) { return std::abs(image) - 1; }

  struct Unit {
    int layer;
    Index unit;
    std::vector<Image> candidates;
    bool matched;
  };
  using Search = std::vector<Unit>;

  /// Compares a number of block `block` in a, times a sign, with a number of that block in b.
  [[nodiscard]] bool match(const Block& block, Index in_a, Index in_b, bool negated) const {
    const double x = a_[block.offset + in_a];
    return std::abs((negated ? -x : x) - b_[block.offset + in_b]) <= tolerance_;
  }

  [[nodiscard]] bool is_fixed(int layer) const { return !hidden_.can_exchange(layer); }

  /// Candidates of each unit of a layer: the units of b with equal weights to inputs, outputs and
  /// themselves, equal bias, and equal magnitudes of the other weights.
  void add_units(Search& search, int layer) const {
    std::vector<bool> settled;
    for (int other = 0; other < hidden_.layer_count(); ++other) settled.push_back(is_fixed(other));
    const UnitKeys keys_a(hidden_, a_, settled), keys_b(hidden_, b_, settled);
    std::vector<UnitKey> images;
    for (Index unit = 0; unit < hidden_.units(layer); ++unit) {
      images.push_back(keys_b.of(layer, unit));
    }
    for (Index unit = 0; unit < hidden_.units(layer); ++unit) {
      const UnitKey key = keys_a.of(layer, unit);
      search.push_back({layer, unit, {}, false});
      for (Image image = 1; image <= static_cast<Image>(images.size()); ++image) {
        const UnitKey& other = images[HiddenUnits::at(place(image))];
        std::vector<Image>& candidates = search.back().candidates;
        if (key.matches(other, false, tolerance_)) candidates.push_back(image);
        if (!hidden_.can_negate(layer)) continue;
        if (key.matches(other, true, tolerance_)) candidates.push_back(-image);
      }
    }
  }

  /// Compares the numbers that no symmetry moves.
  [[nodiscard]] bool fixed_numbers_match() const {
    for (const Block& block : hidden_.blocks()) {
      if (!is_fixed(block.layer)) continue;
      if (block.kind == Block::Kind::Weights && !is_fixed(block.connection.source)) continue;
      for (Index i = 0; i < block.size(); ++i) {
        if (!match(block, i, i, false)) return false;
      }
    }
    return true;
  }

  /// True if the weights between two units match those between their images.
  [[nodiscard]] bool are_compatible(const Unit& u, Image u_image, const Unit& v,
                                    Image v_image) const {
    const bool negated = (u_image < 0) != (v_image < 0);
    return weights_match(u, u_image, v, v_image, negated) &&
           weights_match(v, v_image, u, u_image, negated);
  }
  [[nodiscard]] bool weights_match(const Unit& from, Image from_image, const Unit& to,
                                   Image to_image, bool negated) const {
    for (const Block& b : hidden_.blocks()) {
      if (b.layer != to.layer || !HiddenUnits::leads_from(b, from.layer)) continue;
      if (HiddenUnits::is_one_to_one(b.connection)) continue;
      for (Index gate = 0; gate < b.rows; gate += hidden_.units(to.layer)) {
        if (!match(b, from.unit * b.rows + gate + to.unit,
                   place(from_image) * b.rows + gate + place(to_image), negated)) {
          return false;
        }
      }
    }
    return true;
  }

  [[nodiscard]] bool are_joined(int layer, int other) const {
    for (const Block& b : hidden_.blocks()) {
      if (b.kind != Block::Kind::Weights || HiddenUnits::is_one_to_one(b.connection)) continue;
      const int source = b.connection.source;
      if ((b.layer == layer && source == other) || (b.layer == other && source == layer)) {
        return true;
      }
    }
    return false;
  }

  /// Matches a unit, and removes the candidates of other units that this rules out.
  void assign(Search& search, std::size_t index, Image image) const {
    search[index].matched = true;
    search[index].candidates = {image};
    const Unit& done = search[index];
    for (Unit& other : search) {
      if (other.matched) continue;
      const bool same_layer = other.layer == done.layer;
      const bool joined = are_joined(done.layer, other.layer);
      if (!same_layer && !joined) continue;
      std::erase_if(other.candidates, [&](Image candidate) {
        return (same_layer && place(candidate) == place(image)) ||
               (joined && !are_compatible(done, image, other, candidate));
      });
    }
  }

  bool complete(Search& search) const {
    for (;;) {
      std::size_t next = search.size();
      for (std::size_t i = 0; i < search.size(); ++i) {
        if (search[i].matched) continue;
        if (next == search.size() || search[i].candidates.size() < search[next].candidates.size()) {
          next = i;
        }
        if (search[next].candidates.size() <= 1) break;
      }
      if (next == search.size()) return true;
      if (search[next].candidates.empty()) return false;
      if (search[next].candidates.size() > 1) return branch(search, next);
      assign(search, next, search[next].candidates.front());
    }
  }

  [[nodiscard]] bool branch(const Search& search, std::size_t next) const {
    // Units that outnumber their candidates would otherwise be detected only after trying all
    // orders.
    bool all_independent = true;
    for (int layer = 1; layer < hidden_.layer_count() - 1; ++layer) {
      if (!places_suffice(search, layer)) return false;
      all_independent &= !has_open_neighbours(search, layer);
    }
    if (all_independent) return true;
    for (const Image image : search[next].candidates) {
      Search attempt = search;
      assign(attempt, next, image);
      if (complete(attempt)) return true;
    }
    return false;
  }

  /// True if unmatched units of a layer are connected with other unmatched units.
  [[nodiscard]] bool has_open_neighbours(const Search& search, int layer) const {
    bool open = false, joined = false;
    for (const Unit& u : search) {
      if (u.matched) continue;
      open |= u.layer == layer;
      joined |= are_joined(layer, u.layer);
    }
    return open && joined;
  }

  /// True if all unmatched units of a layer can be placed at once: a perfect matching in the graph
  /// of candidates, by augmenting paths.
  [[nodiscard]] bool places_suffice(const Search& search, int layer) const {
    std::vector<const Unit*> holder(HiddenUnits::at(hidden_.units(layer)), nullptr);
    for (const Unit& u : search) {
      if (u.layer != layer || u.matched) continue;
      std::vector<bool> tried(holder.size(), false);
      if (!find_place(u, search, holder, tried)) return false;
    }
    return true;
  }
  bool find_place(const Unit& unit, const Search& search, std::vector<const Unit*>& holder,
                  std::vector<bool>& tried) const {
    for (const Image image : unit.candidates) {
      const std::size_t p = HiddenUnits::at(place(image));
      if (holder[p] == nullptr) {
        holder[p] = &unit;
        return true;
      }
    }
    for (const Image image : unit.candidates) {
      const std::size_t p = HiddenUnits::at(place(image));
      if (tried[p]) continue;
      tried[p] = true;
      if (find_place(*holder[p], search, holder, tried)) {
        holder[p] = &unit;
        return true;
      }
    }
    return false;
  }

  const HiddenUnits& hidden_;
  const double* a_;
  const double* b_;
  double tolerance_;
};

inline bool have_same_layers(const HiddenUnits& a, const HiddenUnits& b) {
  for (std::size_t l = 0; l < a.descriptions().size(); ++l) {
    if (a.descriptions()[l].units != b.descriptions()[l].units ||
        a.descriptions()[l].settings != b.descriptions()[l].settings) {
      return false;
    }
  }
  return true;
}

}  // namespace detail

/// True if exchanges and sign changes of hidden units map one network to the other: after them each
/// parameter of `a` differs from that of `b` by at most `tolerance`.
///
/// Units are matched and not sorted, so ties and numbers that are equal up to rounding cause no
/// errors. Networks with different types, sizes or settings are not equivalent; static and Dynamic
/// sizes, float and double can be compared. A parameter that is not finite equals no other.
///
/// It usually takes about n² comparisons for n hidden units, since most units have one candidate.
/// Many similar units that do not match in the end can take exponentially many.
///
/// @throws std::invalid_argument for a tolerance below 0, or a hidden layer that does not declare
/// its symmetry
template <Real SA, class... LayersA, Real SB, class... LayersB>
[[nodiscard]] bool equivalent(const Network<SA, LayersA...>& a, const Network<SB, LayersB...>& b,
                              double tolerance = 0) {
  if (!(tolerance >= 0)) fail_argument("equivalent: tolerance must be >= 0, got ", tolerance);
  const detail::HiddenUnits hidden(a), other(b);
  hidden.check_layers();
  other.check_layers();
  if constexpr (sizeof...(LayersA) != sizeof...(LayersB)) {
    return false;
  } else if constexpr (!(detail::same_but_for_size<LayersA, LayersB>() && ...)) {
    return false;
  } else {
    if (!detail::have_same_layers(hidden, other)) return false;
    if (!all_finite(a.parameters().data(), a.parameter_count())) return false;
    if (!all_finite(b.parameters().data(), b.parameter_count())) return false;
    const Vector<double> w_a = a.parameters().template cast<double>();
    const Vector<double> w_b = b.parameters().template cast<double>();
    return detail::UnitMatching(hidden, w_a.data(), w_b.data(), tolerance).exists();
  }
}

BACKFOLD_END_NAMESPACE
