// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A T inside the object where it is small, else on the heap, so that what holds it can be a local
/// variable of a thread with a small stack.
template <class T, bool Inline = sizeof(T) <= 4096>
class Stored {
 public:
  /// @param make returns the T, which is built in its place
  template <class Make>
  explicit Stored(const Make& make) : value_(make()) {}

  T& operator*() { return value_; }
  const T& operator*() const { return value_; }
  T* operator->() { return &value_; }

 private:
  T value_;
};

template <class T>
class Stored<T, false> {
 public:
  template <class Make>
  explicit Stored(const Make& make) : value_(new T(make())) {}
  Stored(const Stored& other) : value_(new T(*other)) {}
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

}  // namespace detail

BACKFOLD_END_NAMESPACE
