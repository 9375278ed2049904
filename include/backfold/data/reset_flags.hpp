// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"
#include "backfold/data/temporary.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A flag of one byte, that a view can point to.
template <class T>
concept FlagByte =
    std::is_same_v<T, bool> || std::is_same_v<T, char> || std::is_same_v<T, unsigned char>;

template <class T>
inline constexpr bool is_vector_of_bits = false;
template <class Allocator>
inline constexpr bool is_vector_of_bits<std::vector<bool, Allocator>> = true;

}  // namespace detail

/// The steps before which the state of a network goes back to its start, as a view: one flag for
/// each column of the inputs, t·batch + b for step t of sequence b.
///
///     Eigen::Array<bool, 1, Eigen::Dynamic> resets(steps * batch);    // or
///     std::vector<char> resets(steps * batch);                        // of 0 and 1
///     data.resets = resets;
///
/// It copies nothing: the flags must live as long as it is used, so that a temporary is refused.
/// A std::vector<bool> is refused too: it packs flags into bits.
class ResetFlags {
 public:
  /// None: nothing is reset.
  constexpr ResetFlags() = default;
  constexpr ResetFlags(const unsigned char* flags, Index count, Index stride)
      : flags_(flags), count_(count), stride_(stride) {}

  template <detail::EigenObject Flags>
  requires(!detail::TemporaryMatrix<Flags>) ResetFlags(Flags&& flags) {  // NOLINT: made in passing
    using Type = std::remove_cvref_t<Flags>;
    static_assert(Type::IsVectorAtCompileTime && (Type::Flags & Eigen::DirectAccessBit) != 0,
                  "backfold: resets are a vector of flags, or a view of one, not an expression");
    set(flags, flags.innerStride());
  }
  template <detail::NumberRange Flags>
  requires(!detail::TemporaryRange<Flags>) ResetFlags(Flags&& flags) {  // NOLINT: made in passing
    set(flags, 1);
  }
  template <class Flags>
  requires(detail::is_vector_of_bits<std::remove_cvref_t<Flags>>) ResetFlags(Flags&&) {  // NOLINT
    static_assert(!detail::is_vector_of_bits<std::remove_cvref_t<Flags>>,
                  "backfold: a std::vector<bool> packs flags into bits, which no view points to: "
                  "give a std::vector<char> or an Eigen array of bool");
  }
  template <detail::TemporaryMatrix Flags, class Reason = detail::TemporaryDiesBeforeItsViewIsUsed>
  ResetFlags(Flags&&) = delete;
  template <detail::TemporaryRange Flags, class Reason = detail::TemporaryDiesBeforeItsViewIsUsed>
  ResetFlags(Flags&&) = delete;

  [[nodiscard]] constexpr bool empty() const { return count_ == 0; }
  [[nodiscard]] constexpr Index size() const { return count_; }
  [[nodiscard]] constexpr bool operator[](Index i) const { return flags_[i * stride_] != 0; }

  /// The flags first, first + step, ..., `count` of them.
  [[nodiscard]] constexpr ResetFlags part(Index first, Index count, Index step = 1) const {
    return empty() ? ResetFlags() : ResetFlags(flags_ + first * stride_, count, step * stride_);
  }

 private:
  template <class Flags>
  void set(const Flags& flags, Index stride) {
    using Flag = std::remove_cvref_t<decltype(*flags.data())>;
    static_assert(detail::FlagByte<Flag>,
                  "backfold: a reset is a flag of type bool, char or unsigned char");
    if constexpr (detail::FlagByte<Flag>) {
      // Any object may be read as unsigned char.
      flags_ = reinterpret_cast<const unsigned char*>(flags.data());
    }
    count_ = static_cast<Index>(flags.size());
    stride_ = stride;
  }

  const unsigned char* flags_ = nullptr;
  Index count_ = 0;
  Index stride_ = 1;
};

namespace detail {

/// @throws std::invalid_argument for another number of flags than columns
inline void check_reset_count(const char* what, const ResetFlags& resets, Index columns) {
  if (!resets.empty() && resets.size() != columns) {
    fail_argument(what, ": expected ", columns, " resets, one for each column of inputs, got ",
                  resets.size());
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
