// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/core/config.hpp"
#include "backfold/core/number_text.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The constants of an exported header as text, and their number.
template <Real S>
class HeaderConstants {
 public:
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] Index count() const { return count_; }

  /// A literal of type Scalar.
  static std::string number(S value) {
    std::string text;
    append_number(text, value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text + (sizeof(S) == 4 ? "f" : "");
  }

  /// Adds an array and returns its name.
  std::string array(const std::string& name, const std::vector<S>& numbers) {
    text_ += "\ninline constexpr Scalar " + name + "[] = {" + list(numbers) + "};\n";
    return "detail::" + name;
  }

  /// The elements of an initializer in lines of up to 100 characters, counted as constants.
  std::string list(const std::vector<S>& numbers) {
    count_ += static_cast<Index>(numbers.size());
    std::string text, line = "\n   ";
    for (const S value : numbers) {
      // Appended, since g++ 12 gives a false warning for `" " + number` (GCC bug 105651).
      std::string next = " ";
      next.append(number(value)).append(",");
      if (line.size() + next.size() > 100) {
        text += line;
        line = "\n   ";
      }
      line += next;
    }
    return numbers.empty() ? text : text + line;
  }

 private:
  std::string text_;
  Index count_ = 0;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
