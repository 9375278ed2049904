// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "backfold/core/array.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/file_writer.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/size.hpp"
#include "backfold/core/types.hpp"

/// Reads and writes .npy files, the format of NumPy. Not in backfold.hpp: it needs files.
///
/// Source: NumPy's documentation, numpy.lib.format, versions 1.0 to 3.0.

BACKFOLD_BEGIN_NAMESPACE

/// Axis of the samples in an array of a file.
enum class NpyAxes {
  AsStored,  ///< the matrix has the rows and columns of the array; a one-dimensional array is one
             ///< column
  SamplesFirst,  ///< the array is samples × features, as in Python, the matrix its transpose;
                 ///< a one-dimensional array is one row
};

namespace detail {

/// Supported types of numbers in a .npy file.
template <class S>
concept NpyScalar = std::same_as<S, float> || std::same_as<S, double> ||
    (std::integral<S> && sizeof(S) <= 8);

/// NumPy's letter for a type: b (bool), i, u, f.
template <NpyScalar S>
constexpr char npy_kind() {
  if constexpr (std::is_same_v<S, bool>) return 'b';
  if constexpr (std::is_floating_point_v<S>) return 'f';
  return std::is_signed_v<S> ? 'i' : 'u';
}

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

/// A .npy file, open at the first byte after its header.
class NpyFile {
 public:
  explicit NpyFile(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    if (!file_) fail_runtime(path_, ": cannot be opened");
    file_.seekg(0, std::ios::end);
    const std::streamoff end = file_.tellg();
    file_.seekg(0);
    char head[12];
    if (!file_.read(head, 10)) {
      fail_runtime(path_, file_.bad() ? ": cannot be read" : ": shorter than a .npy header");
    }
    if (std::memcmp(head, "\x93NUMPY", 6) != 0) {
      fail_runtime(path_, ": no .npy file: it starts with other bytes");
    }
    const int version = static_cast<unsigned char>(head[6]);
    const int minor_version = static_cast<unsigned char>(head[7]);
    if (version < 1 || version > 3 || minor_version != 0) {
      fail_runtime(path_, ": expected .npy version 1.0, 2.0 or 3.0, got ", version, ".",
                   minor_version);
    }
    const int digits = version == 1 ? 2 : 4;  // of the length of the text, in base 256
    if (digits == 4 && !file_.read(head + 10, 2)) fail_runtime(path_, ": ends in its header");
    std::uint64_t length = 0;
    for (int i = digits - 1; i >= 0; --i) {
      length = length << 8 | static_cast<unsigned char>(head[8 + i]);
    }
    const std::uint64_t begin = 8 + static_cast<std::uint64_t>(digits) + length;
    if (end < 0 || begin > static_cast<std::uint64_t>(end)) {
      fail_runtime(path_, ": ends in its header");
    }
    std::string text(static_cast<std::size_t>(length), ' ');
    if (!file_.read(text.data(), static_cast<std::streamsize>(length))) {
      fail_runtime(path_, ": cannot be read");
    }
    header_ = NpyHeaderText(path_, text).parse();

    const Size numbers = Size(header_.shape[0]) * Size(header_.shape[1]);
    if (!numbers.is_countable()) {
      fail_runtime(path_, ": its shape has more numbers than can be counted");
    }
    const std::uint64_t bytes = static_cast<std::uint64_t>(end) - begin;
    const std::uint64_t expected =
        static_cast<std::uint64_t>(numbers.value()) * static_cast<std::uint64_t>(header_.item_size);
    if (bytes != expected) {
      fail_runtime(path_, bytes < expected ? ": ends after " : ": has ", bytes,
                   " bytes of data, expected ", expected);
    }
  }

  [[nodiscard]] const NpyHeader& header() const { return header_; }

  void read(void* to, std::size_t bytes) {
    if (!file_.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes))) {
      fail_runtime(path_, ": cannot be read");
    }
  }

  /// Calls f with a value of the file's type.
  template <class Function>
  void with_type(const Function& f) const {
    const int size = header_.item_size;
    switch (header_.kind) {
      case 'b':
        return f(false);
      case 'f':
        return size == 4 ? f(0.f) : f(0.0);
      case 'i':
        return size == 1   ? f(std::int8_t{})
               : size == 2 ? f(std::int16_t{})
               : size == 4 ? f(std::int32_t{})
                           : f(std::int64_t{});
      default:
        return size == 1   ? f(std::uint8_t{})
               : size == 2 ? f(std::uint16_t{})
               : size == 4 ? f(std::uint32_t{})
                           : f(std::uint64_t{});
    }
  }

 private:
  const std::string& path_;
  std::ifstream file_;
  NpyHeader header_;
};

/// Converts a number of a file to the requested type; false if it does not fit.
template <class From, class To>
bool npy_convert(From number, To& to) {
  if constexpr (std::is_same_v<From, To>) {
    to = number;
  } else if constexpr (std::is_floating_point_v<To>) {
    if constexpr (std::is_same_v<From, double>) {
      constexpr double most = static_cast<double>((std::numeric_limits<To>::max)());
      if (is_finite(number) && std::abs(number) > most) return false;
    }
    to = static_cast<To>(number);
  } else if constexpr (std::is_same_v<From, bool>) {
    to = number ? To(1) : To(0);
  } else {
    constexpr auto least = (std::numeric_limits<To>::min)(),
                   most = (std::numeric_limits<To>::max)();
    if (std::cmp_less(+number, +least) || std::cmp_greater(+number, +most)) return false;
    to = static_cast<To>(number);
  }
  return true;
}

template <class From>
From npy_number(const unsigned char* bytes, bool swapped) {
  unsigned char own[sizeof(From)];
  for (std::size_t i = 0; i < sizeof(From); ++i) {
    own[i] = bytes[swapped ? sizeof(From) - 1 - i : i];
  }
  From number;
  std::memcpy(&number, own, sizeof(From));
  return number;
}

/// Reads numbers of type From, calling store(k, number) for the k-th in the file.
template <class From, class To, class Store>
void npy_read_as(const std::string& path, NpyFile& file, Index count, const Store& store) {
  constexpr Index piece = 8192;
  Array<unsigned char> bytes((std::min)(piece, count) * Index{sizeof(From)});
  for (Index done = 0; done < count; done += piece) {
    const Index n = (std::min)(piece, count - done);
    file.read(bytes.data(), static_cast<std::size_t>(n) * sizeof(From));
    for (Index k = 0; k < n; ++k) {
      const unsigned char* const at = bytes.data() + k * Index{sizeof(From)};
      if constexpr (std::is_same_v<From, bool>) {
        if (*at > 1) fail_runtime(path, ": number ", done + k, " is ", int{*at}, ", no bool");
      }
      To number;
      if (!npy_convert(npy_number<From>(at, file.header().swapped), number)) {
        fail_runtime(path, ": number ", done + k, ", ",
                     static_cast<double>(npy_number<From>(at, file.header().swapped)),
                     ", does not fit into the type asked for");
      }
      store(done + k, number);
    }
  }
}

}  // namespace detail

/// Reads a .npy file of bool, integers, float32 or float64, in either order of bytes, row- or
/// column-major, of zero, one or two dimensions.
///
///     const Eigen::MatrixXf X = bf::read_npy<float>("x.npy", bf::NpyAxes::SamplesFirst);
///
/// Numbers are rounded to float or double. Integers accept only integers that fit, bool only bool.
/// The file is not trusted: nothing is allocated before its shape is compared with its length.
///
/// @throws std::runtime_error naming the file and the error: it cannot be opened, is not a .npy
/// file, has other types or more dimensions, is shorter or longer than its shape requires, or has a
/// number that does not fit
template <class S>
[[nodiscard]] Matrix<S> read_npy(const std::string& path, NpyAxes axes = NpyAxes::AsStored) {
  static_assert(detail::NpyScalar<S>,
                "backfold: a .npy file is read as bool, integers, float or double");
  detail::NpyFile file(path);
  const detail::NpyHeader& header = file.header();
  const bool transposed = axes == NpyAxes::SamplesFirst;
  const Index stored_rows = header.shape[0], stored_cols = header.shape[1];
  Matrix<S> result(transposed ? stored_cols : stored_rows, transposed ? stored_rows : stored_cols);
  const Index count = result.size();
  const bool in_order = header.fortran != transposed || (std::min)(stored_rows, stored_cols) == 1;

  if (in_order && !header.swapped && header.kind == detail::npy_kind<S>() &&
      header.item_size == int{sizeof(S)} && !std::is_same_v<S, bool>) {
    file.read(result.data(), static_cast<std::size_t>(count) * sizeof(S));
    return result;
  }
  file.with_type([&](auto example) {
    using From = decltype(example);
    if constexpr (std::is_floating_point_v<From> && !std::is_floating_point_v<S>) {
      fail_runtime(path, ": holds floating-point numbers, expected integers");
    } else if constexpr (std::is_same_v<S, bool> && !std::is_same_v<From, bool>) {
      fail_runtime(path, ": holds numbers, expected bool");
    } else {
      detail::npy_read_as<From, S>(path, file, count, [&](Index k, S number) {
        if (in_order) {
          result.data()[k] = number;
        } else {
          result(k / result.cols(), k % result.cols()) = number;
        }
      });
    }
  });
  return result;
}

/// Writes a matrix as a .npy file of its scalar, bit for bit. It replaces an old file atomically.
///
/// A vector with one static column (with SamplesFirst: one static row) is written as a
/// one-dimensional array.
///
/// @throws std::runtime_error naming the file and the error; an old file is then unchanged
template <class X>
void write_npy(const std::string& path, const Eigen::DenseBase<X>& x,
               NpyAxes axes = NpyAxes::AsStored) {
  using S = typename X::Scalar;
  static_assert(detail::NpyScalar<S>,
                "backfold: a .npy file is written of bool, integers, float or double");
  const bool transposed = axes == NpyAxes::SamplesFirst;
  const Eigen::Ref<const Matrix<S>> m(x.derived());
  const bool is_vector = (transposed ? X::RowsAtCompileTime : X::ColsAtCompileTime) == 1;

  std::string text = "{'descr': '";
  text += sizeof(S) == 1 ? '|' : std::endian::native == std::endian::little ? '<' : '>';
  text += detail::npy_kind<S>();
  text += static_cast<char>('0' + sizeof(S));
  // Column-major memory is the transpose in row-major order.
  text += transposed || is_vector ? "', 'fortran_order': False, 'shape': ("
                                  : "', 'fortran_order': True, 'shape': (";
  text += std::to_string(transposed ? m.cols() : m.rows());
  text += is_vector ? "," : ", ";
  if (!is_vector) text += std::to_string(transposed ? m.rows() : m.cols());
  text += "), }";
  // The numbers begin at a multiple of 64 bytes.
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';

  detail::FileWriter file(path);
  const char head[10] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<char>(text.size()), 0};
  file.write(head, sizeof head);
  file.write(text);
  for (Index c = 0; c < m.cols(); ++c) {
    file.write(m.data() + c * m.outerStride(), static_cast<std::size_t>(m.rows()) * sizeof(S));
  }
  file.commit();
}

BACKFOLD_END_NAMESPACE
