// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <backfold/backfold.hpp>

/// Layers and activations of a user's, which exports refuse.

namespace own_types {

namespace bf = backfold;

/// A layer of a user's, which multiplies by 2.
struct Doubled : bf::Extent<2> {
  static constexpr bf::Index units_at_compile_time = 2;
  static constexpr std::array<bf::Connection, 1> connections{bf::Direct::chain};
  static constexpr int bias_columns = 0;
  void forward(const auto& at) const {
    for (bf::Index i = 0; i < at.units * at.n; ++i) at.output[i] = 2 * at.net[i];
  }
};
struct NamedDoubled : Doubled {
  static constexpr const char* name = "Doubled";
};
/// Types of a user's that inherit a name of the library's, but compute something else.
struct ForgetsAll : bf::Lstm<2> {
  template <class S>
  void forward(S* net, const S*, const S*, S* output, S* memory, bf::Index units,
               bf::Index n) const {
    std::fill(memory, memory + units * n, S(0));
    std::copy(net, net + units * n, output);
  }
};
struct OwnTanh : bf::Tanh {
  template <class V>
  V value(const V& net) const {
    return net / (1 + abs(net));
  }
};

}  // namespace own_types
