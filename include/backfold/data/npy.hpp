// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "backfold/core/array.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/file_writer.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"
#include "backfold/data/npy_file.hpp"

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
  for (Index c = 0; m.rows() > 0 && c < m.cols(); ++c) {  // no rows may have many columns
    file.write(m.data() + c * m.outerStride(), static_cast<std::size_t>(m.rows()) * sizeof(S));
  }
  file.commit();
}

BACKFOLD_END_NAMESPACE
