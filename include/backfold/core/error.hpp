// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>
#include <type_traits>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Called with the message of an error where exceptions are switched off; after it the program
/// aborts. This one prints the message to stderr: replace it to report an error in your own way.
inline void (*error_handler)(const char* message) = [](const char* message) {
  std::fprintf(stderr, "%s\n", message);
};

namespace detail {

/// Part of a message. A single small type keeps call sites small: the formatting code is emitted
/// once, and each number or string is two stores.
class MessagePart {
 public:
  MessagePart(const char* text) : kind_(Kind::Text), text_(text) {}  // NOLINT
  /// std::string, without its header.
  template <class Text>
  requires requires(const Text& text) {
    { text.c_str() } -> std::convertible_to<const char*>;
  }
  MessagePart(const Text& text) : MessagePart(text.c_str()) {}      // NOLINT
  MessagePart(double number) : kind_(Kind::Real), real_(number) {}  // NOLINT
  template <std::integral Number>
  MessagePart(Number number)  // NOLINT
      : kind_(std::is_signed_v<Number> ? Kind::Whole : Kind::Unsigned),
        whole_(static_cast<long long>(number)) {}

  /// Writes into a buffer, truncated at its end. @returns the length of the whole text
  int write(char* to, std::size_t room) const {
    if (kind_ == Kind::Text) return std::snprintf(to, room, "%s", text_);
    if (kind_ == Kind::Whole) return std::snprintf(to, room, "%lld", whole_);
    if (kind_ == Kind::Unsigned) {
      return std::snprintf(to, room, "%llu", static_cast<unsigned long long>(whole_));
    }
    return std::snprintf(to, room, "%g", real_);
  }

 private:
  enum class Kind { Text, Whole, Unsigned, Real } kind_;
  union {
    const char* text_;
    long long whole_;
    double real_;
  };
};

/// Concatenates the parts, truncated at the end of the buffer. (A std::string would add to the
/// compile time of every program.)
inline void write_message(char* to, std::size_t room, std::initializer_list<MessagePart> parts) {
  to[0] = '\0';
  for (const MessagePart& part : parts) {
    const auto length = static_cast<std::size_t>(part.write(to, room));
    if (length >= room) return;
    to += length;
    room -= length;
  }
}

inline constexpr std::size_t longest_message = 2048;

template <class Exception>
[[noreturn]] BACKFOLD_COLD void raise(std::initializer_list<MessagePart> parts) {
  char message[longest_message];
  write_message(message, sizeof message, parts);
  for (char* c = message; *c != '\0'; ++c) {
    // Text of a file may contain control characters, which a terminal would obey.
    if (static_cast<unsigned char>(*c) < ' ' || *c == '\x7f') *c = '?';
  }
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
  throw Exception(message);
#else
  error_handler(message);
  std::abort();
#endif
}

}  // namespace detail

/// Reports a wrong argument: throws std::invalid_argument with the strings and numbers
/// concatenated. Parts are values, so that literals of all lengths share one function, and a call
/// only loads registers.
template <class... Parts>
[[noreturn]] BACKFOLD_COLD void fail_argument(Parts... parts) {
  detail::raise<std::invalid_argument>({parts...});
}

/// Reports a failure of the environment, of a file for example: throws std::runtime_error.
template <class... Parts>
[[noreturn]] BACKFOLD_COLD void fail_runtime(Parts... parts) {
  detail::raise<std::runtime_error>({parts...});
}

BACKFOLD_END_NAMESPACE
