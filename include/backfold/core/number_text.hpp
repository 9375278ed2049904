// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <version>
#if !defined(__cpp_lib_to_chars)
#include <limits>
#include <locale>
#include <sstream>
#endif

#include "backfold/core/finite.hpp"

/// Not in backfold.hpp: `<charconv>` costs compile time.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

enum class NumberText { Good, NoNumber, OutOfRange };

/// The double nearest to a decimal number, whatever the locale. The whole text must be the number:
/// digits with an optional sign, point and exponent; no blanks, no hexadecimal, no inf or nan.
inline NumberText read_number(std::string_view text, double& number) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  // from_chars would also accept inf and nan.
  const std::size_t first = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  if (first >= text.size() || !((text[first] >= '0' && text[first] <= '9') || text[first] == '.')) {
    return NumberText::NoNumber;
  }
#if defined(__cpp_lib_to_chars)
  const std::from_chars_result end =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec == std::errc::invalid_argument || end.ptr != text.data() + text.size()) {
    return NumberText::NoNumber;
  }
  return end.ec == std::errc() && is_finite(number) ? NumberText::Good : NumberText::OutOfRange;
#else
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) {
    return NumberText::NoNumber;
  }
  std::istringstream stream{std::string(text)};
  stream.imbue(std::locale::classic());
  stream >> number;
  if (stream.fail()) {
    const bool too_large = number == (std::numeric_limits<double>::max)() ||
                           number == -(std::numeric_limits<double>::max)();
    return too_large ? NumberText::OutOfRange : NumberText::NoNumber;
  }
  return stream.peek() == std::istringstream::traits_type::eof() ? NumberText::Good
                                                                 : NumberText::NoNumber;
#endif
}

/// Appends the shortest text that reads back as the number, whatever the locale.
template <Real S>
void append_number(std::string& text, S number) {
#if defined(__cpp_lib_to_chars)
  char digits[32];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, number);
  text.append(digits, end.ptr);
#else
  std::ostringstream stream;
  stream.imbue(std::locale::classic());
  stream.precision(std::numeric_limits<S>::max_digits10);
  stream << number;
  text += stream.str();
#endif
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
