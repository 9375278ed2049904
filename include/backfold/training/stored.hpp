// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class T>
inline constexpr bool is_small = sizeof(T) <= 4096;

/// A T inside the object where it is small, else on the heap, so that what holds it can be a local
/// variable of a thread with a small stack.
template <class T, bool Inline = is_small<T>>
class Stored {
 public:
  /// @param make returns the T, which is built in its place
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
  /// @param wanted whether there is one at all
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

/// In place of what is not stored.
struct NotStored {
  template <class Make>
  explicit NotStored(const Make&, bool) {}
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
