// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if the static extents of a destination and a source differ.
constexpr bool sizes_conflict(Index to, Index from) {
  return to != Dynamic && from != Dynamic && to != from;
}

/// @throws std::invalid_argument unless what is assigned has the sizes of the view
BACKFOLD_NO_INLINE inline void check_assigned(Index rows, Index cols, Index to_rows,
                                              Index to_cols) {
  if (rows == to_rows && cols == to_cols) return;
  fail_argument("view: it is ", to_rows, " x ", to_cols, ", what is assigned ", rows, " x ", cols);
}

/// View of numbers that a network or state owns: an Eigen::Map whose assignments compare sizes.
/// Eigen compares them only in an assertion; in a release build, a larger matrix would overwrite
/// the numbers after the view. Rows and Cols are static if the network's type fixes them, else
/// Dynamic.
template <class Plain, Index Rows = Dynamic, Index Cols = Dynamic>
class SizedMap : public Eigen::Map<Plain> {
  using Base = Eigen::Map<Plain>;

 public:
  using Base::Base;
  SizedMap(const SizedMap&) = default;

  SizedMap& operator=(const SizedMap& other) { return *this = static_cast<const Base&>(other); }
  /// @throws std::invalid_argument for another size, as the other assignments
  template <class Other>
  SizedMap& operator=(const Eigen::EigenBase<Other>& other) {
    return assign(other, [this](const Other& from) { Base::operator=(from); });
  }
  template <class Other>
  SizedMap& operator+=(const Eigen::EigenBase<Other>& other) {
    return assign(other, [this](const Other& from) { Base::operator+=(from); });
  }
  template <class Other>
  SizedMap& operator-=(const Eigen::EigenBase<Other>& other) {
    return assign(other, [this](const Other& from) { Base::operator-=(from); });
  }

  /// For products into the view without a temporary: `view.noalias() = a * b`.
  auto noalias() { return Unaliased{*this}; }

 private:
  struct Unaliased {
    SizedMap& map;

    template <class Other>
    SizedMap& operator=(const Eigen::EigenBase<Other>& other) const {
      return map.assign(other, [&](const Other& from) { map.Base::noalias() = from; });
    }
    template <class Other>
    SizedMap& operator+=(const Eigen::EigenBase<Other>& other) const {
      return map.assign(other, [&](const Other& from) { map.Base::noalias() += from; });
    }
    template <class Other>
    SizedMap& operator-=(const Eigen::EigenBase<Other>& other) const {
      return map.assign(other, [&](const Other& from) { map.Base::noalias() -= from; });
    }
  };

  template <class Other, class Assignment>
  SizedMap& assign(const Eigen::EigenBase<Other>& other, const Assignment& assignment) {
    if constexpr (fits<Other>()) {
      check_sizes(other.derived());
      assignment(other.derived());
    }
    return *this;
  }

  /// Eigen transposes a row that is assigned to a column, and a column assigned to a row.
  template <class Other>
  static constexpr bool turns() {
    using Traits = Eigen::internal::traits<Other>;
    return (Base::ColsAtCompileTime == 1 && Traits::RowsAtCompileTime == 1) ||
           (Base::RowsAtCompileTime == 1 && Traits::ColsAtCompileTime == 1);
  }

  template <class Other>
  static constexpr bool fits() {
    using Traits = Eigen::internal::traits<Other>;
    constexpr Index rows = turns<Other>() ? Traits::ColsAtCompileTime : Traits::RowsAtCompileTime;
    constexpr Index cols = turns<Other>() ? Traits::RowsAtCompileTime : Traits::ColsAtCompileTime;
    constexpr bool result =
        !detail::sizes_conflict(Rows, rows) && !detail::sizes_conflict(Cols, cols);
    static_assert(result, "backfold: what is assigned to this view has another size than the view");
    return result;
  }

  template <class Other>
  void check_sizes(const Other& other) const {
    const Index rows = turns<Other>() ? other.cols() : other.rows();
    const Index cols = turns<Other>() ? other.rows() : other.cols();
    detail::check_assigned(rows, cols, this->rows(), this->cols());
  }
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
