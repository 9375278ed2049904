// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/core/config.hpp"
#include "backfold/core/number_text.hpp"
#include "backfold/core/types.hpp"
#include "backfold/io/weight_format.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The constants of an exported header as text, their number and size.
template <Real S>
class HeaderConstants {
 public:
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] Index count() const { return count_; }
  [[nodiscard]] Index bytes() const { return bytes_; }

  static std::string number(int value) { return std::to_string(value); }
  /// A literal of type Scalar.
  static std::string number(S value) {
    std::string text;
    append_number(text, value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text + (sizeof(S) == 4 ? "f" : "");
  }

  /// Adds an array and returns its name.
  std::string array(const std::string& name, const std::vector<S>& numbers) {
    return add("Scalar", name, list(numbers));
  }
  /// Adds a matrix of integers and its scales, and returns both names.
  std::string arrays(const std::string& name, const IntegerWeights<S>& weights,
                     const IntegerFormat& format) {
    const std::string integers = add(format.type, name, list(weights.integers, format.bytes));
    return integers + ", " + array(name + "_scale", weights.scales);
  }

  /// The elements of an initializer in lines of up to 100 characters, counted as constants.
  template <class T>
  std::string list(const std::vector<T>& numbers, Index size = sizeof(T)) {
    count_ += static_cast<Index>(numbers.size());
    bytes_ += static_cast<Index>(numbers.size()) * size;
    std::string text, line = "\n   ";
    for (const T value : numbers) {
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
  std::string add(const std::string& type, const std::string& name, const std::string& elements) {
    text_ += "\ninline constexpr " + type + " " + name + "[] = {" + elements + "};\n";
    return "detail::" + name;
  }

  std::string text_;
  Index count_ = 0, bytes_ = 0;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
