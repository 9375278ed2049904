// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>
#include <string>

#include "backfold/core/config.hpp"

namespace backfold::inline BACKFOLD_ABI {

/// Called with the message of an error where exceptions are switched off; it must not return
/// (if it does, the program ends). Replace it to report an error in your own way.
inline void (*error_handler)(const char* message) = [](const char*) {};

namespace detail {

/// A part of a message. One type, so that an error costs the program that never meets it little.
class MessagePart {
 public:
  MessagePart(const char* text) : text_(text) {}                    // NOLINT
  MessagePart(const std::string& text) : text_(text.c_str()) {}     // NOLINT
  MessagePart(double number) : kind_(Kind::Real), real_(number) {}  // NOLINT
  template <std::integral Number>
  MessagePart(Number number)  // NOLINT
      : kind_(Kind::Whole), whole_(static_cast<long long>(number)) {}

  std::string text() const {
    if (kind_ == Kind::Text) return text_;
    char digits[32];
    if (kind_ == Kind::Whole) {
      std::snprintf(digits, sizeof digits, "%lld", whole_);
    } else {
      std::snprintf(digits, sizeof digits, "%g", real_);
    }
    return digits;
  }

 private:
  enum class Kind { Text, Whole, Real } kind_ = Kind::Text;
  const char* text_ = nullptr;
  long long whole_ = 0;
  double real_ = 0;
};

inline std::string message_of(std::initializer_list<MessagePart> parts) {
  std::string message;
  for (const MessagePart& part : parts) message += part.text();
  return message;
}

template <class Exception>
[[noreturn]] BACKFOLD_NO_INLINE void raise(std::initializer_list<MessagePart> parts) {
  const std::string message = message_of(parts);
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
  throw Exception(message);
#else
  error_handler(message.c_str());
  std::abort();
#endif
}

}  // namespace detail

/// Ends a call that was used wrongly: throws std::invalid_argument with the parts, strings and
/// numbers, put together.
template <class... Parts>
[[noreturn]] BACKFOLD_ALWAYS_INLINE void fail_argument(const Parts&... parts) {
  detail::raise<std::invalid_argument>({parts...});
}

/// Ends a call that the outside world failed (a file, say): throws std::runtime_error.
template <class... Parts>
[[noreturn]] BACKFOLD_ALWAYS_INLINE void fail_runtime(const Parts&... parts) {
  detail::raise<std::runtime_error>({parts...});
}

}  // namespace backfold::inline BACKFOLD_ABI
