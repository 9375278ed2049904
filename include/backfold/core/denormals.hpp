// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Scoped flush-to-zero and denormals-are-zero for this thread, on x86 with SSE and on 64-bit ARM;
/// elsewhere it does nothing. The destructor restores the mode. Arithmetic on denormal numbers, to
/// which slowly decaying values come, can take a hundred times longer.
class FlushDenormals {
 public:
  explicit FlushDenormals(bool active = true) : before_(mode()) {
    if (active) set_mode(before_ | flush_bits);
  }
  ~FlushDenormals() { set_mode(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(EIGEN_VECTORIZE_SSE)
  using Mode = unsigned;
  static constexpr Mode flush_bits = 0x8040;
  static Mode mode() { return _mm_getcsr(); }
  static void set_mode(Mode mode) { _mm_setcsr(mode); }
#elif defined(__aarch64__) && !defined(_MSC_VER)
  using Mode = std::uint64_t;
  static constexpr Mode flush_bits = Mode{1} << 24;
  static Mode mode() {
    Mode mode;
    asm volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
  }
  static void set_mode(Mode mode) { asm volatile("msr fpcr, %0" : : "r"(mode)); }
#else
  using Mode = unsigned;
  static constexpr Mode flush_bits = 0;
  static Mode mode() { return 0; }
  static void set_mode(Mode) {}
#endif

  Mode before_;
};

BACKFOLD_END_NAMESPACE
