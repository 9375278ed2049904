// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "backfold/core/types.hpp"

/// Appends the bytes of the values that it visits.
struct ByteVisitor {
  std::string& all;
  template <class T>
  void operator()(const char*, const T* numbers, backfold::Index count) const {
    all.append(reinterpret_cast<const char*>(numbers), std::size_t(count) * sizeof(T));
  }
  void operator()(const char*, const std::vector<double>& numbers) const {
    all += std::to_string(numbers.size()) + ":";
    (*this)("", numbers.data(), backfold::Index(numbers.size()));
  }
};

/// Bytes of all values that later epochs depend on.
template <class... Parts>
std::string bytes_of(Parts&... parts) {
  std::string all;
  (parts.for_each_value(ByteVisitor{all}), ...);
  return all;
}
