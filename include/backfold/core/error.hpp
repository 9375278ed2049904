// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "backfold/core/config.hpp"

namespace backfold::inline BACKFOLD_ABI {

/// Called with the message of an error where exceptions are switched off; it must not return
/// (if it does, the program ends). Replace it to report an error in your own way.
inline void (*error_handler)(const char* message) = [](const char*) {};

namespace detail {

template <class Exception>
[[noreturn]] BACKFOLD_NO_INLINE void raise(const std::string& message) {
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
  throw Exception(message);
#else
  error_handler(message.c_str());
  std::abort();
#endif
}

inline std::string text(const char* part) { return part; }
inline std::string text(const std::string& part) { return part; }
inline std::string text(double part) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%g", part);
  return digits;
}
template <std::integral Number>
std::string text(Number part) {
  return std::to_string(part);
}

}  // namespace detail

/// Ends a call that was used wrongly: throws std::invalid_argument with the parts, strings and
/// numbers, put together.
template <class... Parts>
[[noreturn]] BACKFOLD_NO_INLINE void fail_argument(const Parts&... parts) {
  detail::raise<std::invalid_argument>((detail::text(parts) + ...));
}

/// Ends a call that the outside world failed (a file, say): throws std::runtime_error.
template <class... Parts>
[[noreturn]] BACKFOLD_NO_INLINE void fail_runtime(const Parts&... parts) {
  detail::raise<std::runtime_error>((detail::text(parts) + ...));
}

}  // namespace backfold::inline BACKFOLD_ABI
