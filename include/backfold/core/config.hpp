// SPDX-License-Identifier: MIT
#pragma once

// An #error alone would be followed by a thousand others; the missing file ends the compilation.
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

#include "backfold/version.hpp"

/// Inline namespace of the whole library. Its name lists every setting that changes code or layout:
/// version, registers and their alignment, FMA, OpenMP, exceptions, relaxed arithmetic. Translation
/// units that disagree each keep their own functions; otherwise the linker would take the first
/// copy of each for both. Passing objects between them is a link error. (NDEBUG is left out: it
/// changes only whether Eigen's assertions run, so a library built for release links with a program
/// built for debugging.)
#define BACKFOLD_CONCATENATE_(a, b) a##b
#define BACKFOLD_CONCATENATE(a, b) BACKFOLD_CONCATENATE_(a, b)
#define BACKFOLD_ABI_VERSION_(major, minor, patch) v##major##_##minor##_##patch
#define BACKFOLD_ABI_VERSION(major, minor, patch) BACKFOLD_ABI_VERSION_(major, minor, patch)
#define BACKFOLD_ABI_JOIN_(a, b, c, d, e, f, g, h, i, j, k) a##b##c##d##e##f##g##h##i##j##k
#define BACKFOLD_ABI_JOIN(a, b, c, d, e, f, g, h, i, j, k) \
  BACKFOLD_ABI_JOIN_(a, b, c, d, e, f, g, h, i, j, k)

#if EIGEN_MAX_ALIGN_BYTES == 0
#define BACKFOLD_ABI_ALIGNMENT _align0
#else
#define BACKFOLD_ABI_ALIGNMENT BACKFOLD_CONCATENATE(_align, EIGEN_MAX_ALIGN_BYTES)
#endif
#if EIGEN_MAX_STATIC_ALIGN_BYTES == EIGEN_MAX_ALIGN_BYTES
#define BACKFOLD_ABI_STATIC_ALIGNMENT
#elif EIGEN_MAX_STATIC_ALIGN_BYTES == 0
#define BACKFOLD_ABI_STATIC_ALIGNMENT _static0
#else
#define BACKFOLD_ABI_STATIC_ALIGNMENT BACKFOLD_CONCATENATE(_static, EIGEN_MAX_STATIC_ALIGN_BYTES)
#endif

// Instruction sets that the compiler may use and Eigen does use.
#if defined(__AVX512F__)
#if defined(__AVX512VL__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
#define BACKFOLD_ABI_REGISTERS _avx512
#else
#define BACKFOLD_ABI_REGISTERS _avx512f
#endif
#elif defined(__AVX2__)
#define BACKFOLD_ABI_REGISTERS _avx2
#elif defined(__AVX__)
#define BACKFOLD_ABI_REGISTERS _avx
#elif defined(__SSE4_2__)
#define BACKFOLD_ABI_REGISTERS _sse42
#elif defined(__SSE4_1__)
#define BACKFOLD_ABI_REGISTERS _sse41
#elif defined(__SSSE3__)
#define BACKFOLD_ABI_REGISTERS _ssse3
#elif defined(__SSE3__)
#define BACKFOLD_ABI_REGISTERS _sse3
#elif defined(__SSE2__) || defined(_M_X64)
#define BACKFOLD_ABI_REGISTERS _sse2
#elif defined(__SSE__)
#define BACKFOLD_ABI_REGISTERS _sse
#elif defined(__ARM_FEATURE_SVE)
#define BACKFOLD_ABI_REGISTERS _sve
#elif defined(__ARM_NEON)
#define BACKFOLD_ABI_REGISTERS _neon
#else
#define BACKFOLD_ABI_REGISTERS
#endif
#if defined(EIGEN_VECTORIZE)
#define BACKFOLD_ABI_VECTORS
#else
#define BACKFOLD_ABI_VECTORS _scalar
#endif
#if defined(__FMA__) || defined(__FMA4__) || defined(__ARM_FEATURE_FMA)
#define BACKFOLD_ABI_FMA _fma
#else
#define BACKFOLD_ABI_FMA
#endif
#if defined(__i386__) && !defined(__SSE2_MATH__)
#define BACKFOLD_ABI_X87 _x87
#else
#define BACKFOLD_ABI_X87
#endif

// The compiler's freedom with arithmetic.
#if defined(__FAST_MATH__)
#define BACKFOLD_ABI_MATH _fast
#elif defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__)
#define BACKFOLD_ABI_MATH _unsafe
#else
#define BACKFOLD_ABI_MATH
#endif
#if !defined(__FAST_MATH__) && defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#define BACKFOLD_ABI_FINITE _finite
#else
#define BACKFOLD_ABI_FINITE
#endif

#if defined(_OPENMP)
#define BACKFOLD_ABI_OPENMP _openmp
#else
#define BACKFOLD_ABI_OPENMP
#endif
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define BACKFOLD_ABI_EXCEPTIONS
#else
#define BACKFOLD_ABI_EXCEPTIONS _noexcept
#endif
#if defined(EIGEN_DEFAULT_TO_ROW_MAJOR)
#define BACKFOLD_ABI_ORDER _rowmajor
#else
#define BACKFOLD_ABI_ORDER
#endif

#define BACKFOLD_ABI                                                                               \
  BACKFOLD_ABI_JOIN(BACKFOLD_ABI_VERSION(BACKFOLD_VERSION_MAJOR, BACKFOLD_VERSION_MINOR,           \
                                         BACKFOLD_VERSION_PATCH),                                  \
                    BACKFOLD_ABI_ALIGNMENT, BACKFOLD_ABI_STATIC_ALIGNMENT, BACKFOLD_ABI_REGISTERS, \
                    BACKFOLD_ABI_VECTORS, BACKFOLD_ABI_FMA, BACKFOLD_ABI_X87,                      \
                    BACKFOLD_CONCATENATE(BACKFOLD_ABI_MATH, BACKFOLD_ABI_FINITE),                  \
                    BACKFOLD_ABI_OPENMP, BACKFOLD_ABI_EXCEPTIONS, BACKFOLD_ABI_ORDER)

/// False warnings of g++ in these headers, given where they are inlined: the sign of constants that
/// depend on a template; reads and writes of a whole register, in branches that a small array does
/// not take; the undefined operands of its own AVX-512 intrinsics (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#define BACKFOLD_BEGIN_FALSE_WARNINGS                                                    \
  _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wsign-conversion\"") \
      _Pragma("GCC diagnostic ignored \"-Warray-bounds\"")                               \
          _Pragma("GCC diagnostic ignored \"-Wstringop-overflow\"") BACKFOLD_FALSE_UNINITIALIZED
#define BACKFOLD_END_FALSE_WARNINGS _Pragma("GCC diagnostic pop")
#if __GNUC__ < 13 && defined(__AVX512F__)
#define BACKFOLD_FALSE_UNINITIALIZED                    \
  _Pragma("GCC diagnostic ignored \"-Wuninitialized\"") \
      _Pragma("GCC diagnostic ignored \"-Wmaybe-uninitialized\"")
#else
#define BACKFOLD_FALSE_UNINITIALIZED
#endif
#else
#define BACKFOLD_BEGIN_FALSE_WARNINGS
#define BACKFOLD_END_FALSE_WARNINGS
#endif

/// Opens and closes `backfold` and its inline namespace. Macros, because editors' indexers read
/// past an unknown word, but not past `namespace backfold::inline NAME`.
#define BACKFOLD_BEGIN_NAMESPACE \
  BACKFOLD_BEGIN_FALSE_WARNINGS  \
  namespace backfold {           \
  inline namespace BACKFOLD_ABI {
#define BACKFOLD_END_NAMESPACE \
  }                            \
  }                            \
  BACKFOLD_END_FALSE_WARNINGS

#if defined(_MSC_VER) && !defined(__clang__)
#define BACKFOLD_ALWAYS_INLINE __forceinline
#define BACKFOLD_INLINE_LAMBDA
#define BACKFOLD_NO_INLINE __declspec(noinline)
#define BACKFOLD_COLD BACKFOLD_NO_INLINE
#define BACKFOLD_IS_CONSTANT(x) false
#else
#define BACKFOLD_ALWAYS_INLINE inline __attribute__((always_inline))
#define BACKFOLD_INLINE_LAMBDA __attribute__((always_inline))
#define BACKFOLD_NO_INLINE __attribute__((noinline))
/// For checks and set-up: compiled for size, which takes a fraction of the compile time.
#define BACKFOLD_COLD __attribute__((noinline, cold))
/// True if the compiler knows x, after inlining.
#define BACKFOLD_IS_CONSTANT(x) __builtin_constant_p(x)
#endif

/// Optimization barrier: -ffast-math lets the compiler fold (x + c) − c to x and drop a select of
/// infinity. A value whose computation it cannot see is left alone.
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#define BACKFOLD_HIDE(x) EIGEN_OPTIMIZATION_BARRIER(x)
#else
#define BACKFOLD_HIDE(x)
#endif
/// Rounds to the type by a store: x87 registers have more digits than memory, so results would
/// depend on the compiler's choice of registers.
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

/// Unrolls the next loop, whose count is a constant, at every optimisation level: at -O2 compilers
/// keep small arrays of registers in memory otherwise.
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
