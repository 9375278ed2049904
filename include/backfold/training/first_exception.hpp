// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#if defined(_OPENMP)
#include <mutex>
#endif

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Carries an exception out of calls in several threads. If several calls throw, it is the
/// exception of the first call in order, as in a sequential loop.
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
class FirstException {
 public:
  /// Calls f(i), from any thread.
  template <class Function>
  void guard(Index i, const Function& f) {
    try {
      f(i);
    } catch (...) {
      keep(i, std::current_exception());
    }
  }

  /// Rethrows the exception, if there is one, after all calls.
  void rethrow() const {
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
  }

 private:
  BACKFOLD_NO_INLINE void keep(Index i, const std::exception_ptr& thrown) {
#if defined(_OPENMP)
    const std::lock_guard lock(mutex_);
#endif
    if (thrown_ == nullptr || i < at_) {
      thrown_ = thrown;
      at_ = i;
    }
  }

#if defined(_OPENMP)
  std::mutex mutex_;
#endif
  std::exception_ptr thrown_;
  Index at_ = 0;
};
#else
class FirstException {
 public:
  template <class Function>
  void guard(Index i, const Function& f) {
    f(i);
  }
  void rethrow() const {}
};
#endif

}  // namespace detail

BACKFOLD_END_NAMESPACE
