// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <string>

#include "backfold/activation/elu.hpp"
#include "backfold/activation/gelu.hpp"
#include "backfold/activation/leaky_relu.hpp"
#include "backfold/activation/linear.hpp"
#include "backfold/activation/relu.hpp"
#include "backfold/activation/sigmoid.hpp"
#include "backfold/activation/silu.hpp"
#include "backfold/activation/softmax.hpp"
#include "backfold/activation/softplus.hpp"
#include "backfold/activation/tanh.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/layer/dropout.hpp"
#include "backfold/layer/gru.hpp"
#include "backfold/layer/input.hpp"
#include "backfold/layer/layer_norm.hpp"
#include "backfold/layer/lstm.hpp"
#include "backfold/layer/min_gru.hpp"
#include "backfold/network/describe.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Layers that exports can write. The type decides, since a user's layer that is derived from one
/// of these has its name, but may compute something else.
template <class L>
inline constexpr bool is_library_layer = false;
template <Index Units>
inline constexpr bool is_library_layer<Input<Units>> = true;
template <Index Units, class ActivationFunction, class... Options>
inline constexpr bool is_library_layer<Dense<Units, ActivationFunction, Options...>> = true;
template <Index Units, class... Options>
inline constexpr bool is_library_layer<Lstm<Units, Options...>> = true;
template <Index Units, class... Options>
inline constexpr bool is_library_layer<Gru<Units, Options...>> = true;
template <Index Units, class... Options>
inline constexpr bool is_library_layer<MinGru<Units, Options...>> = true;
template <Index Units>
inline constexpr bool is_library_layer<LayerNorm<Units>> = true;
template <Index Units, MaskOver Over>
inline constexpr bool is_library_layer<Dropout<Units, Over>> = true;

template <class T, class... Ts>
inline constexpr bool is_one_of = (std::same_as<T, Ts> || ...);

template <class A>
inline constexpr bool is_library_activation =
    is_one_of<A, Linear, Sigmoid, Tanh, Relu, LeakyRelu, Elu, Gelu, Silu, Softplus, Softmax>;

template <class T>
std::string named() {
  const std::string name = name_of<T>();
  return name == "unnamed" ? "" : ", named " + name;
}

/// @throws std::invalid_argument for a type that exports cannot write
template <class L>
void check_library_layer(const char* format, int index) {
  if constexpr (!is_library_layer<L>) {
    fail_argument(format, ": layer ", index, " is of a type of your own", named<L>(),
                  "; expected Dense, Lstm, Gru, MinGru, LayerNorm or Dropout");
  } else if constexpr (HasActivation<L>) {
    using A = typename L::ActivationType;
    if constexpr (!is_library_activation<A>) {
      fail_argument(format, ": layer ", index, " has an activation that cannot be exported",
                    named<A>(),
                    "; expected the library's Linear, Sigmoid, Tanh, Relu, LeakyRelu, "
                    "Elu, Gelu, Silu, Softplus or Softmax");
    }
  }
}

/// Checks the types of a network's layers and activations for an export to `format`.
/// @throws std::invalid_argument for one that is not the library's, or is derived from one
template <Real S, class... Layers>
void check_library_types(const char* format, const Network<S, Layers...>&) {
  int index = 0;
  (check_library_layer<Layers>(format, index++), ...);
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
