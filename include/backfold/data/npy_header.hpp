// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <string>
#include <string_view>

#include "backfold/core/error.hpp"
#include "backfold/core/size.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The header of a .npy file: a dictionary as Python writes it.
struct NpyHeader {
  char kind = 0;         ///< b, i, u, f
  int item_size = 0;     ///< bytes of a number
  bool swapped = false;  ///< bytes are in the opposite of this machine's order
  bool fortran = false;  ///< column-major
  int dimensions = 0;    ///< 0, 1 or 2
  Index shape[2] = {1, 1};
};

/// Reads the text of a header: a literal dictionary with the keys descr, fortran_order and shape.
class NpyHeaderText {
 public:
  NpyHeaderText(const std::string& path, std::string_view text) : path_(path), text_(text) {}

  NpyHeader parse() {
    NpyHeader header;
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      bool& has = key == "descr"           ? has_descr
                  : key == "fortran_order" ? has_order
                  : key == "shape"         ? has_shape
                                           : unknown(key);
      if (has) fail_runtime(path_, ": its header has '", std::string(key), "' twice");
      has = true;
      if (key == "descr") {
        descr(header);
      } else if (key == "fortran_order") {
        header.fortran = boolean();
      } else {
        shape(header);
      }
      if (accept('}')) break;
      expect(',');
    }
    if (!has_descr || !has_order || !has_shape) {
      fail_runtime(path_, ": its header has no '",
                   !has_descr   ? "descr"
                   : !has_order ? "fortran_order"
                                : "shape",
                   "'");
    }
    skip_spaces();
    if (at_ != text_.size()) bad("the end");
    return header;
  }

 private:
  [[noreturn]] void bad(const char* expected) {
    fail_runtime(path_, ": its header is damaged at character ", at_, ": expected ", expected);
  }
  [[noreturn]] bool& unknown(std::string_view key) {
    fail_runtime(path_, ": its header has the unknown key '", printable(key), "'");
  }
  static std::string printable(std::string_view text) {
    std::string result(text.substr(0, 40));
    for (char& c : result) {
      if (c < ' ' || c > '~') c = '?';
    }
    return result;
  }

  void skip_spaces() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool accept(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    const char expected[2] = {c, '\0'};
    if (!accept(c)) bad(expected);
  }
  std::string_view quoted() {
    const char quote = accept('\'') ? '\'' : '"';
    if (quote == '"' && !accept('"')) bad("a quoted word");
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) bad("a closing quote");
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end + 1;
    return word;
  }
  bool boolean() {
    skip_spaces();
    const std::string_view rest = text_.substr(at_);
    const bool yes = rest.substr(0, 4) == "True";
    if (!yes && rest.substr(0, 5) != "False") bad("True or False");
    at_ += yes ? 4 : 5;
    return yes;
  }

  void descr(NpyHeader& header) {
    skip_spaces();
    if (at_ < text_.size() && text_[at_] == '[') {
      fail_runtime(path_, ": holds records, expected bool, integers, float32 or float64");
    }
    const std::string_view all = quoted();
    std::string_view type = all;
    char order = '=';
    if (!type.empty() && std::string_view("<>=|").find(type[0]) != std::string_view::npos) {
      order = type[0];
      type.remove_prefix(1);
    }
    if (type.size() == 2) {
      header.kind = type[0];
      header.item_size = type[1] - '0';
    }
    const int size = header.item_size;
    const bool whole = size == 1 || size == 2 || size == 4 || size == 8;
    const bool known = (header.kind == 'b' && size == 1) || (header.kind == 'i' && whole) ||
                       (header.kind == 'u' && whole) ||
                       (header.kind == 'f' && (size == 4 || size == 8));
    if (!known || (order == '|' && size > 1)) {
      fail_runtime(path_, ": holds '", printable(all),
                   "', expected bool, integers, float32 or float64");
    }
    const char own = std::endian::native == std::endian::little ? '<' : '>';
    header.swapped = size > 1 && order != '=' && order != own;
  }

  void shape(NpyHeader& header) {
    expect('(');
    while (!accept(')')) {
      if (header.dimensions == 2) {
        fail_runtime(path_, ": has more than two dimensions");
      }
      header.shape[header.dimensions++] = size();
      if (accept(')')) {
        if (header.dimensions == 1) bad("a comma, as in (3,)");
        break;
      }
      expect(',');
    }
  }
  Index size() {
    skip_spaces();
    const std::size_t first = at_;
    Size n = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      n = n * Size(10) + Size(text_[at_] - '0');
    }
    if (at_ == first) bad("a size");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // a long integer of Python 2
    if (!n.is_countable()) fail_runtime(path_, ": its shape has more numbers than can be counted");
    return n.value();
  }

  const std::string& path_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
