// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "backfold/core/array.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"
#include "backfold/data/temporary.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// View of an Eigen object with samples as columns: pointer, sizes and stride.
/// @throws std::invalid_argument if a column is not contiguous
template <class Derived>
auto columns_of(const Eigen::DenseBase<Derived>& object) {
  static_assert((Derived::Flags & Eigen::DirectAccessBit) != 0,
                "backfold: data are views: give a matrix, a Map or a Block, not an expression");
  constexpr bool is_row = Derived::RowsAtCompileTime == 1;
  static_assert(is_row || Derived::ColsAtCompileTime == 1 || !(Derived::Flags & Eigen::RowMajorBit),
                "backfold: samples are the columns of a column-major matrix; copy a row-major one");
  const Derived& d = object.derived();
  // Eigen stores a matrix with one static row as row-major.
  const Index stride = is_row ? d.innerStride() : d.outerStride();
  if (d.rows() > 1 && d.innerStride() != 1) {
    fail_argument("data: the numbers of a column stand ", d.innerStride(),
                  " apart; copy the data into a matrix");
  }
  return ConstMatrixView<typename Derived::Scalar>(d.data(), d.rows(), d.cols(), stride);
}

/// Copies a view, column by column, into memory that `kept` owns.
template <class S>
BACKFOLD_NO_INLINE ConstMatrixView<S> copied(const ConstMatrixView<S>& view, Array<S>& kept) {
  kept = Array<S>(view.rows() * view.cols());
  for (Index c = 0; c < view.cols(); ++c) {
    copy_numbers(view.column(c), kept.data() + c * view.rows(), view.rows());
  }
  return {kept.data(), view.rows(), view.cols()};
}

/// Scalar of a view, from the argument of its constructor.
template <class X, class Z, class... Weights>
struct ScalarOfViews {
  using Type = typename std::remove_cvref_t<X>::Scalar;
  static constexpr bool outlive_the_view = !TemporaryMatrix<X> && !TemporaryMatrix<Z> &&
                                           !(TemporaryMatrix<Weights> || ...) &&
                                           !(TemporaryRange<Weights> || ...);
  static_assert(outlive_the_view,
                "backfold: data are views: this temporary matrix dies before it is used; give it a "
                "name");
  static_assert(std::is_same_v<Type, typename std::remove_cvref_t<Z>::Scalar>,
                "backfold: inputs and targets are of different scalars (float and double): cast "
                "the one to the other, as in Z.cast<float>().eval()");
};

/// Inputs or targets from a caller: any matrix, Map or Block that outlives the view.
template <Real S>
struct DataView : ConstMatrixView<S> {
  DataView(const ConstMatrixView<S>& view) : ConstMatrixView<S>(view) {}  // NOLINT: a view is one
  template <EigenObject X>
  requires(!TemporaryMatrix<X>) DataView(X&& x)
      : ConstMatrixView<S>(view_of(x)) {}  // NOLINT: a view is made in passing
  template <TemporaryMatrix X, class Reason = TemporaryDiesBeforeItsViewIsUsed>
  DataView(X&&) = delete;

 private:
  template <class X>
  static ConstMatrixView<S> view_of(const X& x) {
    static_assert(std::is_same_v<typename X::Scalar, S>,
                  "backfold: the data are of another scalar than their view (float and double): "
                  "cast the one to the other");
    if constexpr (std::is_same_v<typename X::Scalar, S>) {
      return columns_of(x);
    } else {
      return {nullptr, 0, 0};
    }
  }
};

/// Weights from a caller: an Eigen vector or a view of one, a std::vector, a std::span.
template <Real S>
struct WeightsView {
  const S* data = nullptr;
  Index count = 0;
  Index stride = 1;

  template <EigenObject W>
  requires(!TemporaryMatrix<W>) WeightsView(W&& w) {  // NOLINT: a view is made in passing
    using Type = std::remove_cvref_t<W>;
    static_assert(Type::IsVectorAtCompileTime && (Type::Flags & Eigen::DirectAccessBit) != 0,
                  "backfold: weights are a vector, or a view of one, not an expression");
    set(w, w.innerStride());
  }
  template <NumberRange W>
  requires(!TemporaryRange<W>) WeightsView(W&& w) {  // NOLINT: a view is made in passing
    set(w, 1);
  }
  template <TemporaryMatrix W, class Reason = TemporaryDiesBeforeItsViewIsUsed>
  WeightsView(W&&) = delete;
  template <TemporaryRange W, class Reason = TemporaryDiesBeforeItsViewIsUsed>
  WeightsView(W&&) = delete;

 private:
  template <class W>
  void set(const W& w, Index step) {
    constexpr bool same =
        std::is_same_v<decltype(w.data()), const S*> || std::is_same_v<decltype(w.data()), S*>;
    static_assert(same,
                  "backfold: weights are of another scalar than the data (float and double): cast "
                  "the one to the other");
    if constexpr (same) data = w.data();
    count = static_cast<Index>(w.size());
    stride = step;
  }
};

/// @throws std::invalid_argument if column c has a number that is not finite
template <Real S>
BACKFOLD_NO_INLINE void check_column(const char* what, const ConstMatrixView<S>& data, Index c) {
  if (all_finite(data.column(c), data.rows())) return;
  for (Index i = 0; i < data.rows(); ++i) {
    if (!is_finite(data(i, c))) {
      fail_argument("data: ", what, " hold a number that is not finite at row ", i, ", column ", c);
    }
  }
}

/// @throws std::invalid_argument naming the first of a column's target_weights that is below 0 or
/// not finite
template <Real S>
BACKFOLD_NO_INLINE void check_target_weights(const ConstMatrixView<S>& weights, Index c) {
  check_column("target_weights", weights, c);
  for (Index i = 0; i < weights.rows(); ++i) {
    if (weights(i, c) < S(0)) {
      fail_argument("data: the target_weight at row ", i, ", column ", c, " is ",
                    double(weights(i, c)), ", expected >= 0");
    }
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
