// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Non-owning view of parameters in any contiguous Eigen vector (a vector, a Map, a column).
template <Real S>
class ParameterView {
 public:
  ParameterView() = default;
  /// @throws std::invalid_argument unless the vector is contiguous
  template <class V>
  ParameterView(const Eigen::DenseBase<V>& vector) {  // implicit: an argument of functions
    constexpr bool is_vector = V::IsVectorAtCompileTime && std::is_same_v<typename V::Scalar, S>;
    constexpr bool has_memory = bool(V::Flags & Eigen::DirectAccessBit);
    static_assert(is_vector, "backfold: parameters are a vector of the network's scalar");
    static_assert(has_memory,
                  "backfold: parameters are an expression: evaluate it into a vector first");
    if constexpr (is_vector && has_memory) {
      if (vector.derived().innerStride() != 1) {
        fail_argument("parameters: expected a contiguous vector, its stride is ",
                      vector.derived().innerStride());
      }
      data_ = vector.derived().data();
      size_ = vector.size();
    }
  }

  [[nodiscard]] const S* data() const { return data_; }
  [[nodiscard]] Index size() const { return size_; }

 private:
  const S* data_ = nullptr;
  Index size_ = 0;
};

BACKFOLD_END_NAMESPACE
