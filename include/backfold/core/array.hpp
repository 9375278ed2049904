// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Allocates n objects of `size` bytes with all bits 0, at Eigen's alignment.
BACKFOLD_NO_INLINE inline void* allocate_zeros(Index n, Index size) {
  if (n > (std::numeric_limits<Index>::max)() / size) Eigen::internal::throw_std_bad_alloc();
  const auto bytes = static_cast<std::size_t>(n * size);
  void* const memory = Eigen::internal::aligned_malloc(bytes);
  if (bytes > 0) std::memset(memory, 0, bytes);
  return memory;
}

template <class T>
BACKFOLD_ALWAYS_INLINE void copy_numbers(const std::type_identity_t<T>* from, T* to, Index count) {
  for (Index i = 0; i < count; ++i) to[i] = from[i];
}

/// to ← to + from
template <class T>
BACKFOLD_ALWAYS_INLINE void add_numbers(const std::type_identity_t<T>* from, T* to, Index count) {
  for (Index i = 0; i < count; ++i) to[i] += from[i];
}

/// Zero-initialised array: inside the object if N is static, on the heap if Dynamic. An Eigen
/// vector would do, but each program would compile some fifty functions for it.
template <class T, Index N = Dynamic>
class Array {
 public:
  explicit Array(Index = N) {}
  T* data() { return numbers_; }
  [[nodiscard]] const T* data() const { return numbers_; }
  static constexpr Index size() { return N; }

 private:
  alignas(64) T numbers_[N]{};
};

template <class T>
class Array<T, Dynamic> {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Array() = default;
  explicit Array(Index n) : data_(static_cast<T*>(allocate_zeros(n, Index{sizeof(T)}))), size_(n) {}
  Array(const Array& other) : Array(other.size_) { copy_numbers(other.data_, data_, size_); }
  Array(Array&& other) noexcept { swap(other); }
  Array& operator=(Array other) noexcept {
    swap(other);
    return *this;
  }
  ~Array() { Eigen::internal::aligned_free(data_); }

  T* data() { return data_; }
  [[nodiscard]] const T* data() const { return data_; }
  [[nodiscard]] Index size() const { return size_; }

 private:
  void swap(Array& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }
  T* data_ = nullptr;
  Index size_ = 0;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
