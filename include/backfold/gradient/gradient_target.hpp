// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/data/sequences.hpp"
#include "backfold/network/network.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// @throws std::invalid_argument unless a caller's matrix can have this size; Eigen's resize only
/// asserts it
template <Index Rows, Index Cols, class M>
void check_result(const char* what, const Eigen::PlainObjectBase<M>&, Index rows, Index cols) {
  constexpr bool fits =
      (Rows == Dynamic || M::RowsAtCompileTime == Dynamic || M::RowsAtCompileTime == Rows) &&
      (Cols == Dynamic || M::ColsAtCompileTime == Dynamic || M::ColsAtCompileTime == Cols);
  static_assert(fits,
                "backfold: the gradient or d_inputs has a fixed size that is not the one "
                "of the parameters or the inputs");
  auto takes = [](Index size, Index fixed, Index most) {
    return fixed == Dynamic ? most == Dynamic || size <= most : size == fixed;
  };
  if (!takes(rows, M::RowsAtCompileTime, M::MaxRowsAtCompileTime) ||
      !takes(cols, M::ColsAtCompileTime, M::MaxColsAtCompileTime)) {
    auto room = [](Index most) { return most == Dynamic ? MessagePart("any") : MessagePart(most); };
    fail_argument(what, ": it has to become ", rows, " x ", cols, ", its type has room for ",
                  room(M::MaxRowsAtCompileTime), " x ", room(M::MaxColsAtCompileTime));
  }
}

template <class Net, class G>
inline constexpr bool is_gradient =
    G::IsVectorAtCompileTime&& std::is_same_v<typename G::Scalar, typename Net::Scalar>;

/// @throws std::invalid_argument if the gradient overlaps memory that a pass reads
template <class S>
void check_gradient_apart(const ConstMatrixView<S>& gradient, const Sequences<S>& data, const S* w,
                          Index n) {
  if (gradient.overlaps(w, n)) fail_argument("gradient: it lies in the network's parameters");
  const ConstMatrixView<S> weights(data.weights, 1, data.weight_count, data.weight_stride);
  auto meets_data = [&](const auto& read) {
    return read.overlaps(gradient.data(), gradient.rows());
  };
  if (meets_data(data.inputs) || meets_data(data.targets) || meets_data(weights) ||
      meets_data(data.target_weights) || meets_data(data.initial_states)) {
    fail_argument("gradient: it lies in the memory of the data");
  }
}

/// For a vector, which is resized to the length of w.
/// @throws std::invalid_argument if its type cannot
template <class Net, class G>
void check_length(const Net& net, Eigen::PlainObjectBase<G>& gradient) {
  constexpr bool is_row = G::RowsAtCompileTime == 1 && G::ColsAtCompileTime != 1;
  constexpr Index fixed = Net::ArchitectureType::fixed_parameter_count;
  const Index n = net.parameter_count();
  check_result<is_row ? 1 : fixed, is_row ? fixed : 1>("gradient", gradient, is_row ? 1 : n,
                                                       is_row ? n : 1);
}

/// @throws std::invalid_argument unless the view is contiguous and as long as w
template <class Net, class G>
void check_length(const Net& net, const Eigen::DenseBase<G>& gradient) {
  const Index n = net.parameter_count();
  const Index stride = gradient.derived().innerStride();
  if (gradient.size() != n || stride != 1) {
    fail_argument("gradient: expected a view of ", n, " numbers with stride 1, got ",
                  gradient.size(), " with stride ", stride);
  }
}

/// Target of a gradient: a vector, which is resized to the length of w, or a view with this length.
/// @throws std::invalid_argument if its type or size does not fit, it is not contiguous, or it
/// overlaps memory that the pass reads
template <class Net, class G, class S = typename Net::Scalar>
S* gradient_target(const Net& net, const Sequences<S>& data, const S* w, G& gradient) {
  using Type = std::remove_const_t<G>;
  constexpr bool is_plain = std::is_base_of_v<Eigen::PlainObjectBase<Type>, Type>;
  constexpr int view_flags = Eigen::LvalueBit | Eigen::DirectAccessBit;
  constexpr bool is_writable =
      is_plain ? !std::is_const_v<G> : (int(Type::Flags) & view_flags) == view_flags;
  static_assert(is_gradient<Net, Type>, "backfold: a gradient is a vector of the network's scalar");
  static_assert(is_writable, "backfold: the gradient is constant: it cannot be written");
  if constexpr (is_gradient<Net, Type> && is_writable) {
    const Index n = net.parameter_count();
    check_length(net, gradient);
    S* const numbers = const_cast<Type&>(gradient).data();
    const ConstMatrixView<S> view(numbers, gradient.size(), 1);
    check_gradient_apart(view, data, w, n);
    check_gradient_apart(view, data, net.parameters().data(), n);
    if constexpr (is_plain) {
      gradient.resize(n);
      return gradient.data();
    } else {
      return numbers;
    }
  } else {
    return nullptr;
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
