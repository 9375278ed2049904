// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "backfold/core/array.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Sizes of a network at the start of training, and its last parameters known to be finite.
template <class Net>
class ParameterGuard {
 public:
  explicit ParameterGuard(const Net& net)
      : sizes_(net.architecture().sizes()), finite_(net.parameter_count()) {}

  [[nodiscard]] Index size() const { return finite_.size(); }

  /// Called before each step: memory is laid out for the network's initial sizes, which a callback,
  /// a loss or an optimizer may have changed.
  BACKFOLD_ALWAYS_INLINE void check_sizes(const Net& net) const {
    if constexpr (Net::inline_parameters == Dynamic) {
      const bool same_sizes = Net::fixed || net.architecture().sizes() == sizes_;
      if (!same_sizes || net.parameter_count() != size()) fail(net);
    }
  }
  [[nodiscard]] bool are_finite(const Net& net) const {
    check_sizes(net);
    return all_finite(net.parameters().data(), size());
  }
  /// Stores parameters that are finite.
  void keep(const Net& net) { copy_numbers(net.parameters().data(), finite_.data(), size()); }
  /// Restores the stored parameters if the network's are not finite.
  void restore(Net& net) const {
    if (!are_finite(net)) copy_numbers(finite_.data(), net.parameters().data(), size());
  }

 private:
  [[noreturn]] BACKFOLD_NO_INLINE void fail(const Net& net) const {
    const auto now = net.architecture().sizes();
    for (std::size_t l = 0; l < sizes_.size(); ++l) {
      if (now[l] == sizes_[l]) continue;
      fail_argument("training: layer ", l, " of the network had ", sizes_[l],
                    " units when training began, now it has ", now[l]);
    }
    fail_argument("network: it has ", size(), " parameters, the vector set holds ",
                  net.parameter_count());
  }

  std::array<Index, Net::layer_count> sizes_;
  Array<typename Net::Scalar> finite_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
