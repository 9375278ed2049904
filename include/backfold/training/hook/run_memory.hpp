// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Object on the heap of a type that a hook knows only in `begin`, from the run's network.
class RunMemory {
 public:
  template <class T, class... Arguments>
  void emplace(Arguments&&... arguments) {
    object_ = Object(new T(static_cast<Arguments&&>(arguments)...),
                     [](void* object) { delete static_cast<T*>(object); });
  }
  /// @pre the object is a T
  template <class T>
  [[nodiscard]] T& as() const {
    return *static_cast<T*>(object_.get());
  }
  void reset() { object_.reset(); }

 private:
  using Object = std::unique_ptr<void, void (*)(void*)>;
  Object object_{nullptr, [](void*) {}};
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
