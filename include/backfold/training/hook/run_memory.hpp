// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Object on the heap of a type that a hook knows only in `begin`, from the run's network. (A
/// std::unique_ptr would do, but each program would parse <memory> for it.)
class RunMemory {
 public:
  RunMemory() = default;
  RunMemory(RunMemory&& other) noexcept { swap(other); }
  RunMemory& operator=(RunMemory&& other) noexcept {
    swap(other);
    return *this;
  }
  ~RunMemory() { reset(); }

  template <class T, class... Arguments>
  void emplace(Arguments&&... arguments) {
    T* const object = new T(static_cast<Arguments&&>(arguments)...);
    reset();
    object_ = object;
    destroy_ = [](void* old) { delete static_cast<T*>(old); };
  }
  /// @pre the object is a T
  template <class T>
  [[nodiscard]] T& as() const {
    return *static_cast<T*>(object_);
  }
  void reset() {
    if (object_ != nullptr) destroy_(std::exchange(object_, nullptr));
  }

 private:
  void swap(RunMemory& other) noexcept {
    std::swap(object_, other.object_);
    std::swap(destroy_, other.destroy_);
  }

  void* object_ = nullptr;
  void (*destroy_)(void*) = nullptr;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
