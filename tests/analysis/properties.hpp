// SPDX-License-Identifier: MIT
// What holds for each network and each of its symmetries.
#pragma once

#include "topologies.hpp"

namespace topologies {

/// Sequences of 7 steps, three at once.
template <Real S>
struct Data {
  static constexpr Index steps = 7, batch = 3;
  Matrix<S> X, Z;
  template <class Net>
  Data(const Net& net, Random& random)
      : X(net.inputs(), steps * batch), Z(net.outputs(), steps * batch) {
    for (S& x : X.reshaped()) x = static_cast<S>(normal(random));
    for (S& z : Z.reshaped()) z = static_cast<S>(uniform(random));
  }
};

/// Sums of a permuted layer are rounded in another order; the recurrence multiplies that by what
/// its steps amplify.
template <Real S>
inline constexpr double rounding = 2000 * static_cast<double>((std::numeric_limits<S>::epsilon)());

template <class Net>
void keeps_function_and_gradient(const Net& net, Random& random) {
  using S = typename Net::Scalar;
  const Data<S> data(net, random);
  const Sequences<S> sequences(data.X, data.Z, data.steps);
  const Transformation transformation(net, random);
  Net other = net;
  transformation.apply(net, other.parameters());

  Workspace workspace(net, data.batch, data.steps);
  const Matrix<S> y = run(net, data.X, data.steps, workspace);
  const Matrix<S> y_other = run(other, data.X, data.steps, workspace);
  CHECK(difference(y_other.template cast<double>(), y.template cast<double>()) < rounding<S>);

  Vector<S> g, g_other;
  gradient(net, HalfSquaredError{}, sequences, workspace, g);
  gradient(other, HalfSquaredError{}, sequences, workspace, g_other);
  transformation.apply(net, g);
  CHECK(difference(g_other.template cast<double>(), g.template cast<double>()) < rounding<S>);
}

template <class Net>
void has_one_canonical_form(const Net& net, Random& random) {
  using S = typename Net::Scalar;
  Net other = net, form = net;
  Transformation(net, random).apply(net, other.parameters());
  canonicalise(form);
  canonicalise(other);
  CHECK(form.parameters() == other.parameters());

  Net again = form;
  canonicalise(again);
  CHECK(again.parameters() == form.parameters());

  const Data<S> data(net, random);
  Workspace workspace(net, data.batch, data.steps);
  const Matrix<S> y = run(net, data.X, data.steps, workspace);
  const Matrix<S> y_form = run(form, data.X, data.steps, workspace);
  CHECK(difference(y_form.template cast<double>(), y.template cast<double>()) < rounding<S>);
}

template <class Net>
void is_equivalent_to_its_copies(const Net& net, Random& random) {
  using S = typename Net::Scalar;
  Net other = net;
  Transformation(net, random).apply(net, other.parameters());
  CHECK(equivalent(net, other));
  CHECK(equivalent(other, net));

  Net noisy = other;
  for (S& w : noisy.parameters()) w += static_cast<S>(uniform(random, -1e-6, 1e-6));
  CHECK(equivalent(net, noisy, 2e-6));
  CHECK_FALSE(equivalent(net, noisy, 1e-9));

  const auto place =
      static_cast<Index>(below(random, static_cast<std::uint64_t>(net.parameter_count())));
  other.parameters()[place] += S(0.01);
  CHECK_FALSE(equivalent(net, other, 1e-4));
}

template <class Net>
void has_symmetries(const Net& net, Random& random) {
  keeps_function_and_gradient(net, random);
  has_one_canonical_form(net, random);
  is_equivalent_to_its_copies(net, random);
}

/// 96 networks of a topology: random sizes at run time in double, fixed sizes in float. The eleven
/// topologies make 1,056 networks.
template <template <Real, Index, Index, Index, Index> class Topology>
void holds_for(std::uint64_t seed) {
  Random random(seed);
  constexpr Index d = Dynamic;
  for (int i = 0; i < 48; ++i) {
    INFO("seed " << seed << ", network " << i);
    auto size = [&] { return static_cast<int>(below(random, 7)) + 1; };
    using Net = Topology<double, d, d, d, d>;
    const int a = size(), b = size(), c = size() + 1, e = size() + 1;
    if constexpr (Net::layer_count == 3) {
      has_symmetries(random_network<Net>(random, a, b, e), random);
    } else if constexpr (Net::layer_count == 4) {
      has_symmetries(random_network<Net>(random, a, b, c, e), random);
    } else {
      has_symmetries(random_network<Net>(random, a, b, c, size(), e), random);
    }
  }
  for (int i = 48; i < 72; ++i) {
    INFO("seed " << seed << ", network " << i);
    has_symmetries(random_network<Topology<float, 3, 5, 4, 2>>(random), random);
    has_symmetries(random_network<Topology<float, 2, 17, 3, 3>>(random), random);
  }
}

}  // namespace topologies
