// SPDX-License-Identifier: MIT
#pragma once

// An #error alone would be followed by a thousand more; the missing file ends the compilation.
#if defined(_MSVC_LANG)
#if _MSVC_LANG < 202002L
#error "Backfold needs C++20: compile with /std:c++20"
#include "backfold_needs_cxx20"
#endif
#elif __cplusplus < 202002L
#error "Backfold needs C++20: compile with -std=c++20"
#include "backfold_needs_cxx20"
#endif

#include <Eigen/Core>

/// Inline namespace of the whole library. It names Eigen's alignment, so that two translation units
/// that disagree on it (different `-march`, different EIGEN_MAX_ALIGN_BYTES) do not link, where
/// they would otherwise share objects of different layout.
#define BACKFOLD_CONCATENATE_(a, b) a##b
#define BACKFOLD_CONCATENATE(a, b) BACKFOLD_CONCATENATE_(a, b)
#if EIGEN_MAX_ALIGN_BYTES == 0
#define BACKFOLD_ABI align0
#else
#define BACKFOLD_ABI BACKFOLD_CONCATENATE(align, EIGEN_MAX_ALIGN_BYTES)
#endif

/// Opens and closes `backfold` and its inline namespace. Macros, because editors' indexers read
/// past an unknown word, but not past `namespace backfold::inline NAME`.
#define BACKFOLD_BEGIN_NAMESPACE \
  namespace backfold {           \
  inline namespace BACKFOLD_ABI {
#define BACKFOLD_END_NAMESPACE \
  }                            \
  }

#if defined(_MSC_VER) && !defined(__clang__)
#define BACKFOLD_ALWAYS_INLINE __forceinline
#define BACKFOLD_INLINE_LAMBDA
#define BACKFOLD_NO_INLINE __declspec(noinline)
#define BACKFOLD_RESTRICT __restrict
#define BACKFOLD_IS_CONSTANT(x) false
#else
#define BACKFOLD_ALWAYS_INLINE inline __attribute__((always_inline))
#define BACKFOLD_INLINE_LAMBDA __attribute__((always_inline))
#define BACKFOLD_NO_INLINE __attribute__((noinline))
#define BACKFOLD_RESTRICT __restrict__
/// Whether the compiler knows x, after inlining.
#define BACKFOLD_IS_CONSTANT(x) __builtin_constant_p(x)
#endif

/// Under -ffast-math a compiler takes (x + c) − c for x, and drops a choice of infinity. What it
/// has not seen being calculated, it leaves as it is.
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#define BACKFOLD_HIDE(x) EIGEN_OPTIMIZATION_BARRIER(x)
#else
#define BACKFOLD_HIDE(x)
#endif
/// x87 keeps more digits of a number in a register than in memory: results would depend on what a
/// compiler keeps there. Through memory, a number has the digits of its type.
#if defined(__GNUC__) && defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#define BACKFOLD_ROUND(x) __asm__("" : "+m"(x));
#else
#define BACKFOLD_ROUND(x)
#endif
#if defined(__GNUC__)
#define BACKFOLD_HIDE_INTEGER(x) __asm__("" : "+r"(x));
#else
#define BACKFOLD_HIDE_INTEGER(x)
#endif

/// Unrolls the loop behind it, whose count is a constant, at every level of optimisation: at -O2
/// compilers leave the registers of a small array in memory.
#if defined(__clang__)
#define BACKFOLD_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define BACKFOLD_UNROLL _Pragma("GCC unroll 32")
#else
#define BACKFOLD_UNROLL
#endif

#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#pragma message( \
    "Backfold: -ffast-math or -ffinite-math-only; NaN does not reach the outputs reliably")
#endif
