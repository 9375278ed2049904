// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class T>
inline constexpr bool is_small = sizeof(T) <= 4096;

/// Stores a small T in the object, a large one on the heap, so that the owner can be a local
/// variable of a thread with a small stack.
template <class T, bool Inline = is_small<T>>
class Stored {
 public:
  /// @param make returns the T, which is constructed in place
  template <class Make>
  explicit Stored(const Make& make, bool = true) : value_(make()) {}

  T& operator*() { return value_; }
  const T& operator*() const { return value_; }
  T* operator->() { return &value_; }

 private:
  T value_;
};

template <class T>
class Stored<T, false> {
 public:
  /// @param wanted false for no T at all
  template <class Make>
  explicit Stored(const Make& make, bool wanted = true)
      : value_(wanted ? new T(make()) : nullptr) {}
  Stored(const Stored& other) : value_(other.value_ == nullptr ? nullptr : new T(*other)) {}
  Stored(Stored&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  Stored& operator=(Stored other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Stored() { delete value_; }

  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_; }

 private:
  T* value_;
};

/// Placeholder for a T that is not stored.
struct NotStored {
  template <class Make>
  explicit NotStored(const Make&, bool) {}
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
