// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <tuple>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A setting of an activation, layer or optimizer: a member and its name in descriptions, files and
/// exports. A type lists its own, as an array or, if they differ in type, as a std::tuple:
///
///     static constexpr std::array settings{Setting{"slope", &Tanh::slope}};
template <class Owner, class T>
struct Setting {
  const char* name;
  T Owner::*member;
};

template <class Owner, class T>
Setting(const char*, T Owner::*) -> Setting<Owner, T>;

namespace detail {

/// Calls f(name, value) for each setting of an object, in the order of its list; none without one.
template <class Owner, class Function>
constexpr void for_each_setting([[maybe_unused]] Owner& owner, [[maybe_unused]] Function&& f) {
  if constexpr (requires { owner.settings; }) {
    (std::apply)([&](const auto&... s) { (f(s.name, owner.*s.member), ...); }, owner.settings);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
