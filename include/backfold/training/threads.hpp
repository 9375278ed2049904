// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/denormals.hpp"
#include "backfold/training/first_exception.hpp"
#include "backfold/training/fit_options.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The threads of training.
class Threads {
 public:
  explicit Threads(const FitOptions& options)
      : count_(options.threads), flushes_(options.flush_denormals) {}

  /// Calls f(0) to f(n − 1), in threads if compiled with OpenMP. If calls throw, rethrows the
  /// exception of the first one in order, as a loop would.
  template <class Function>
  void for_each(Index n, const Function& f) const {
    if (n == 1) return f(Index{0});
#if defined(_OPENMP)
    const int threads = static_cast<int>(std::clamp(count_, Index{1}, n));
    if (threads > 1) {
      FirstException exception;
#pragma omp parallel for schedule(static) num_threads(threads)
      for (Index s = 0; s < n; ++s) {
        const FlushDenormals flush(flushes_);  // the mode is per thread
        exception.guard(s, f);
      }
      return exception.rethrow();
    }
#endif
    for (Index s = 0; s < n; ++s) f(s);
  }

 private:
  [[maybe_unused]] Index count_;
  [[maybe_unused]] bool flushes_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
