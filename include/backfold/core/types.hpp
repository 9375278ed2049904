// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The signed integer of all counts and positions, Eigen's own.
using Eigen::Index;

/// A size known only at run time. (Eigen's own constant, so that both namespaces can be open.)
using Eigen::Dynamic;

/// An Eigen matrix that owns its numbers, column-major (a single row is row-major, as Eigen asks).
template <class Scalar, Index Rows = Dynamic, Index Cols = Dynamic>
using Matrix = Eigen::Matrix<Scalar, static_cast<int>(Rows), static_cast<int>(Cols),
                             Rows == 1 && Cols != 1 ? Eigen::RowMajor : Eigen::ColMajor>;

/// An Eigen column vector.
template <class Scalar, Index Size = Dynamic>
using Vector = Matrix<Scalar, Size, 1>;

/// Column-major matrix in memory that it does not own; contiguous columns, `outerStride()` apart.
///
/// The kernels work on it: pointer, sizes and stride, no arithmetic; `eigen()` returns an Eigen
/// expression. (Eigen::Map makes a row of static size row-major, and costs compile time.) S may be
/// const. Static sizes stay constants.
template <class S, Index Rows = Dynamic, Index Cols = Dynamic>
class MatrixView {
 public:
  using Scalar = std::remove_const_t<S>;
  static constexpr Index RowsAtCompileTime = Rows;
  static constexpr Index ColsAtCompileTime = Cols;

  constexpr MatrixView(S* data, Index rows, Index cols, Index stride)
      : data_(data), rows_(rows), cols_(cols), stride_(stride) {
    eigen_assert(Rows == Dynamic || rows == Rows);
    eigen_assert(Cols == Dynamic || cols == Cols);
  }
  constexpr MatrixView(S* data, Index rows, Index cols) : MatrixView(data, rows, cols, rows) {}

  /// A mutable view converts to a constant one.
  constexpr operator MatrixView<const S, Rows, Cols>() const requires(!std::is_const_v<S>) {
    return {data_, rows(), cols(), stride_};
  }

  [[nodiscard]] constexpr S* data() const { return data_; }
  [[nodiscard]] constexpr Index rows() const { return Rows == Dynamic ? rows_ : Rows; }
  [[nodiscard]] constexpr Index cols() const { return Cols == Dynamic ? cols_ : Cols; }
  [[nodiscard]] constexpr Index outerStride() const { return stride_; }
  [[nodiscard]] constexpr S* column(Index j) const { return data_ + j * stride_; }
  constexpr S& operator()(Index i, Index j) const { return data_[i + j * stride_]; }

  /// True if it shares memory with `count` numbers from `begin` on.
  [[nodiscard]] bool overlaps(const Scalar* begin, Index count) const {
    if (rows() == 0 || cols() == 0) return false;
    const Scalar* first = data_;
    const Scalar* last = column(cols() - 1);
    if (stride_ < 0) std::swap(first, last);
    const std::less<const Scalar*> before;  // defined for pointers into different objects, too
    return before(first, begin + count) && before(begin, last + rows());
  }

  [[nodiscard]] auto eigen() const {
    using Plain = Matrix<Scalar>;
    using Constness = std::conditional_t<std::is_const_v<S>, const Plain, Plain>;
    return Eigen::Map<Constness, Eigen::Unaligned, Eigen::OuterStride<>>(
        data_, rows(), cols(), Eigen::OuterStride<>(stride_));
  }

 private:
  S* data_;
  Index rows_, cols_, stride_;
};

/// A MatrixView that its holder may only read.
template <class S, Index Rows = Dynamic, Index Cols = Dynamic>
using ConstMatrixView = MatrixView<const S, Rows, Cols>;

BACKFOLD_END_NAMESPACE
