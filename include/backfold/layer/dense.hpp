// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/unit_symmetry.hpp"
#include "backfold/layer/connection.hpp"
#include "backfold/layer/extent.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Fully connected layer of neurons: net_j = Σ_i w_ij x_i + b_j,  x_j = φ(net_j).
///
/// Options add any number of connections (From, Recurrent, SelfRecurrent, Delayed) or remove the
/// bias (NoBias). Its block of the parameters is [W | further weights | b], a column-major matrix
/// with a row for each unit and the connections in the order of the options.
///
///     Dense<3, Tanh>                           // 3 units
///     Dense<3, Tanh, From<0>, NoBias>          // and a skip connection from the input, no bias
///     Dense<Dynamic, Tanh>{3, Tanh{.slope = 2}}
template <Index Units, class ActivationFunction, class... Options>
class Dense : public Extent<Units> {
 public:
  static_assert(Activation<ActivationFunction>,
                "backfold: Dense needs an activation as its second argument: a type with value() "
                "and derivative(), or with apply() and multiply_by_derivative()");
  static_assert((LayerOption<Options> && ...),
                "backfold: an option of Dense is From<l>, Recurrent<d>, SelfRecurrent<d>, "
                "Delayed<l, d>, Back<k, d>, Add<l, d>, Direct, Lookup<n>, After<l>, Name<text>, "
                "LearntStart or NoBias");

  static_assert(Units == Dynamic || Units >= least_units<ActivationFunction>(),
                "backfold: a Softmax of one unit is always 1: give it a unit for each class, or "
                "take Sigmoid");

  static constexpr const char* name = "Dense";
  using ActivationType = ActivationFunction;
  static constexpr UnitSymmetry unit_symmetry = activation_symmetry<ActivationFunction>();
  static constexpr Index units_at_compile_time = Units;
  static constexpr auto connections = detail::connections_of<Options...>();
  static constexpr int bias_columns = (std::is_same_v<Options, NoBias> || ...) ? 0 : 1;
  static constexpr bool learns_start = (std::is_same_v<Options, LearntStart> || ...);

  static constexpr LayerName label = detail::label_among<Options...>();

  template <Index OtherUnits>
  using Resized = Dense<OtherUnits, ActivationFunction, Options...>;
  template <class Map>
  using WithOptions = Dense<Units, ActivationFunction, typename Map::template Type<Options>...>;

  constexpr Dense() = default;
  constexpr explicit Dense(const ActivationFunction& activation) : activation_(activation) {
    check_settings(activation_);
  }
  /// @throws std::invalid_argument if units < 1, or if it is not the number in the type
  constexpr Dense(Index units, const ActivationFunction& activation = {})  // NOLINT: Net(2, 3, 1)
      : Extent<Units>(units), activation_(activation) {
    constexpr Index least = least_units<ActivationFunction>();
    if (Units == Dynamic && units < least) {
      fail_argument("layer: its activation needs at least ", least, " units, got ", units,
                    ": a Softmax of one unit is always 1");
    }
    check_settings(activation_);
  }
  template <detail::NoSize T>
  constexpr Dense(T units, const ActivationFunction& activation = {})  // NOLINT
      : Dense(detail::refuse_size(units), activation) {}
  /// Converts between static and dynamic size.
  template <Index OtherUnits>
  constexpr explicit Dense(const Dense<OtherUnits, ActivationFunction, Options...>& other)
      : Dense(other.units(), other.activation()) {}

  [[nodiscard]] constexpr const ActivationFunction& activation() const { return activation_; }

 private:
  [[no_unique_address]] ActivationFunction activation_{};
};

BACKFOLD_END_NAMESPACE
