// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

#include "backfold/core/types.hpp"

/// Concepts by which a view refuses a temporary that would not outlive it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class D>
std::type_identity<D> eigen_type_of(const Eigen::DenseBase<D>&);
template <class D>
std::true_type owns_numbers(const Eigen::PlainObjectBase<D>&);
template <class D, int Options, class Stride>
std::true_type owns_numbers(const Eigen::Ref<const D, Options, Stride>&);  // it may hold a copy
std::false_type owns_numbers(...);

/// An Eigen matrix, vector or view, or a type derived from one.
template <class T>
concept EigenObject = requires(const T& object) {
  eigen_type_of(object);
};

/// A forwarded temporary that owns its numbers: a view of it would dangle.
template <class T>
concept TemporaryMatrix =
    EigenObject<T> && !std::is_lvalue_reference_v<T> &&
    decltype(owns_numbers(std::declval<const std::remove_reference_t<T>&>()))::value;

/// A vector outside Eigen: std::vector, std::array, std::span.
template <class T>
concept NumberRange = !EigenObject<T> && requires(const T& range) {
  { *range.data() } -> std::convertible_to<double>;
  { range.size() } -> std::convertible_to<std::size_t>;
};

template <class T>
concept TemporaryRange = NumberRange<T> && !std::is_lvalue_reference_v<T> &&
                         !std::ranges::enable_borrowed_range<std::remove_cvref_t<T>>;

struct TemporaryDiesBeforeItsViewIsUsed {};  // compilers print it with a deleted function

}  // namespace detail

BACKFOLD_END_NAMESPACE
