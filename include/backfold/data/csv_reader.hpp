// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>
#include <fstream>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"

/// Rows and fields of a CSV file; `data/csv.hpp` makes tables of them. Not in backfold.hpp: it
/// needs files.
///
/// Source: RFC 4180, and what is written in practice: LF, CRLF or CR, a byte order mark, blanks
/// around fields, quotes inside unquoted fields, empty lines.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Text of a file for a message: truncated.
inline std::string shortened(std::string_view text) {
  constexpr std::size_t most = 60;
  return std::string(text.substr(0, most)) + (text.size() > most ? "..." : "");
}

/// Beyond ASCII a byte is a part of a character, in UTF-8. Letters, digits, signs and points are
/// parts of numbers.
/// @throws std::invalid_argument for a character that cannot separate fields
inline void check_delimiter(char delimiter) {
  const auto is_between = [&](char first, char last) {
    return delimiter >= first && delimiter <= last;
  };
  const bool in_numbers = is_between('0', '9') || is_between('a', 'z') || is_between('A', 'Z') ||
                          std::string_view("+-.").find(delimiter) != std::string_view::npos;
  if (in_numbers || std::memchr("\"\r\n", delimiter, 4) != nullptr ||
      static_cast<unsigned char>(delimiter) > 127) {
    fail_argument(
        "csv: the delimiter must be an ASCII character other than a letter, a digit, +, -, a "
        "point, a quote, a line break or NUL");
  }
}

inline bool begins_with_utf8_mark(std::string_view text) {
  return text.substr(0, 3) == "\xEF\xBB\xBF";
}
inline bool begins_with_utf16_mark(std::string_view text) {
  return text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF";
}

}  // namespace detail

/// Reads a CSV file row by row, as text, in the memory of the longest row.
///
/// Fields in double quotes may contain delimiters, line breaks and doubled quotes. Blanks around
/// fields are dropped, inside quotes they are kept. Empty lines are skipped.
class CsvReader {
 public:
  /// @param longest_row bytes that a row may have
  /// @throws std::runtime_error if the file cannot be opened; std::invalid_argument for a delimiter
  /// that is a letter, digit, sign, point, quote, line break, NUL or no ASCII
  explicit CsvReader(const std::string& path, char delimiter = ',',
                     std::size_t longest_row = std::size_t{1} << 24)
      : CsvReader(file_, path, delimiter, longest_row) {
    file_.open(path, std::ios::binary);
    if (!file_) fail_runtime(path, ": cannot be opened");
  }
  /// Reads from a stream, which must outlive the reader. @param name of the stream, for messages
  CsvReader(std::istream& stream, const std::string& name, char delimiter = ',',
            std::size_t longest_row = std::size_t{1} << 24)
      : stream_(stream), name_(name), delimiter_(delimiter), longest_row_(longest_row) {
    detail::check_delimiter(delimiter);
  }
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  /// Advances to the next row; false at the end.
  /// @throws std::runtime_error naming the file, row and line: a quote that is not closed, text
  /// after a closing quote, a NUL, a row that is too long
  bool next() {
    do {
      if (!read_row()) return false;
    } while (is_blank());
    ++row_;
    return true;
  }

  [[nodiscard]] Index fields() const { return static_cast<Index>(ends_.size()); }
  [[nodiscard]] std::string_view field(Index i) const {
    const auto at = static_cast<std::size_t>(i);
    const std::size_t begin = at == 0 ? 0 : ends_[at - 1].at;
    return std::string_view(text_).substr(begin, ends_[at].at - begin);
  }
  [[nodiscard]] bool is_quoted(Index i) const { return ends_[static_cast<std::size_t>(i)].quoted; }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Index row() const { return row_; }  ///< from 1 on; empty lines do not count
  Index line() const { return line_; }              ///< from 1 on, on which the row begins

 private:
  struct End {
    std::size_t at;
    bool quoted;
  };
  static constexpr std::size_t capacity = std::size_t{1} << 18;
  static constexpr int end_of_file = -1;

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    fail_runtime(name_, ": line ", next_line_, ": ", parts...);
  }

  [[nodiscard]] bool is_blank() const {
    return ends_.size() == 1 && ends_[0].at == 0 && !ends_[0].quoted;
  }
  [[nodiscard]] bool is_space(int c) const { return (c == ' ' || c == '\t') && c != delimiter_; }

  /// The next byte without taking it, or end_of_file.
  int peek() {
    if (at_ == size_ && !fill()) return end_of_file;
    return static_cast<unsigned char>(buffer_[at_]);
  }

  bool fill() {
    const bool is_first = buffer_.empty();
    if (is_first) buffer_.resize(capacity);
    if (!stream_.good()) return false;
    stream_.read(buffer_.data(), static_cast<std::streamsize>(capacity));
    if (stream_.bad()) fail_runtime(name_, ": cannot be read");
    at_ = 0;
    size_ = static_cast<std::size_t>(stream_.gcount());
    if (is_first) skip_mark();
    return at_ < size_;
  }

  void skip_mark() {
    const std::string_view begin(buffer_.data(), size_);
    if (detail::begins_with_utf8_mark(begin)) at_ = 3;
    if (detail::begins_with_utf16_mark(begin)) {
      fail_runtime(name_, ": is UTF-16 text, expected UTF-8");
    }
  }

  /// Appends bytes to the row up to the first for which `ends` holds.
  template <class Ends>
  void take_until(const Ends& ends) {
    while (peek() != end_of_file) {
      const char* const begin = buffer_.data() + at_;
      const char* const last = buffer_.data() + size_;
      const char* const end = std::find_if(begin, last, ends);
      if (std::memchr(begin, '\0', static_cast<std::size_t>(end - begin)) != nullptr) {
        fail("holds a NUL, which is no text");
      }
      text_.append(begin, end);
      at_ += static_cast<std::size_t>(end - begin);
      check_length();
      if (end != last) return;
    }
  }

  void check_length() const {
    if (text_.size() > longest_row_ || ends_.size() > longest_row_ / sizeof(End)) {
      fail("the row is longer than ", longest_row_, " bytes");
    }
  }

  void skip_spaces() {
    while (is_space(peek())) ++at_;
  }

  /// A field up to the delimiter, line break or end of the file after it.
  void read_field() {
    skip_spaces();
    const std::size_t begin = text_.size();
    const bool quoted = peek() == '"';
    if (quoted) {
      read_quoted();
    } else {
      take_until([d = delimiter_](char c) { return c == d || c == '\n' || c == '\r'; });
      while (text_.size() > begin && is_space(text_.back())) text_.pop_back();
    }
    ends_.push_back({text_.size(), quoted});
    check_length();
  }

  void read_quoted() {
    const Index opened = next_line_;
    for (;;) {
      ++at_;  // the closing quote, or the second of a doubled one
      const std::size_t before = text_.size();
      take_until([](char c) { return c == '"'; });
      next_line_ +=
          std::count(text_.begin() + static_cast<std::ptrdiff_t>(before), text_.end(), '\n');
      if (peek() == end_of_file) {
        next_line_ = opened;
        fail("a quote is not closed");
      }
      ++at_;
      if (peek() != '"') break;
      text_ += '"';
    }
    skip_spaces();
    const int c = peek();
    if (c != delimiter_ && c != '\n' && c != '\r' && c != end_of_file) {
      fail("text follows a closing quote in field ", ends_.size() + 1);
    }
  }

  bool read_row() {
    text_.resize(0);
    ends_.resize(0);
    if (peek() == end_of_file) return false;
    line_ = next_line_;
    for (;;) {
      read_field();
      const int c = peek();
      if (c == end_of_file) return true;
      ++at_;
      if (c == delimiter_) continue;
      if (c == '\r' && peek() == '\n') ++at_;
      ++next_line_;
      return true;
    }
  }

  std::ifstream file_;
  std::istream& stream_;
  std::string name_;
  int delimiter_;
  std::size_t longest_row_;

  std::string buffer_;
  std::size_t at_ = 0, size_ = 0;  // rest of the buffer
  std::string text_;               // the fields of the row, one after the other
  std::vector<End> ends_;
  Index row_ = 0, line_ = 1, next_line_ = 1;
};

BACKFOLD_END_NAMESPACE
