// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"

/// Not in backfold.hpp: its map of strings costs compile time.

BACKFOLD_BEGIN_NAMESPACE

/// The names of classes, numbered from 0: strings to labels, as `one_hot` takes them, and back.
///
///     bf::Categories species;
///     for (const std::string& name : names) labels.push_back(species.add(name));
///     const auto Z = bf::one_hot<float>(labels, species.size());
///     species.name(bf::labels_of(Y)[0]);
class Categories {
 public:
  Categories() = default;
  /// @throws std::invalid_argument with the first duplicate name
  explicit Categories(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (label_of(name) >= 0) fail_argument("categories: \"", name, "\" is there twice");
      add(name);
    }
  }

  [[nodiscard]] Index size() const { return static_cast<Index>(names_.size()); }
  [[nodiscard]] const std::vector<std::string>& names() const {
    return names_;
  }  ///< in order of their labels

  /// The label of a name, which is added if it is new.
  Index add(std::string_view name) {
    const auto [at, is_new] = labels_.try_emplace(std::string(name), size());
    if (is_new) names_.push_back(at->first);
    return at->second;
  }

  /// The label of a name, or −1.
  [[nodiscard]] Index label_of(std::string_view name) const {
    const auto found = labels_.find(std::string(name));
    return found == labels_.end() ? -1 : found->second;
  }

  /// @throws std::invalid_argument if there is no such label
  [[nodiscard]] const std::string& name(Index label) const {
    if (label < 0 || label >= size()) {
      fail_argument("categories: no label ", label, " of ", size());
    }
    return names_[static_cast<std::size_t>(label)];
  }

  friend bool operator==(const Categories& a, const Categories& b) { return a.names_ == b.names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, Index> labels_;
};

BACKFOLD_END_NAMESPACE
