// SPDX-License-Identifier: MIT
#include "hessian_checks.hpp"
#include "topologies.hpp"

using namespace topologies;

namespace {

/// Five architectures of a topology, with one to five units a layer, on sequences of random
/// lengths. The eleven topologies make 55.
template <template <Real, Index, Index, Index, Index> class Topology>
void holds_for_products(std::uint64_t seed) {
  constexpr Index d = Dynamic;
  using Net = Topology<double, d, d, d, d>;
  Random random(seed);
  for (int i = 0; i < 5; ++i) {
    INFO("seed " << seed << ", network " << i);
    auto size = [&] { return static_cast<int>(below(random, 4)) + 1; };
    const int a = size(), b = size(), c = size() + 1, e = size() + 1;
    const Net net = [&] {
      if constexpr (Net::layer_count == 3) {
        return random_network<Net>(random, a, b, e);
      } else if constexpr (Net::layer_count == 4) {
        return random_network<Net>(random, a, b, c, e);
      } else {
        return random_network<Net>(random, a, b, c, size(), e);
      }
    }();
    const Index batch = size(), steps = size() + 1;
    const Eigen::MatrixXd X = numbers(net.inputs(), batch * steps, seed);
    const Eigen::MatrixXd Z = numbers(net.outputs(), batch * steps, seed + 1);
    hessians::check(net, HalfSquaredError{}, Sequences<double>(X, Z, steps));
  }
}

}  // namespace

TEST_CASE("products with the Hessian are the gradient's differences in 55 random architectures",
          "[property]") {
  holds_for_products<OneLayer>(1);
  holds_for_products<Skips>(2);
  holds_for_products<NotOdd>(3);
  holds_for_products<HiddenSoftmax>(4);
  holds_for_products<topologies::Elman>(5);
  holds_for_products<Jordan>(6);
  holds_for_products<Diagonal>(7);
  holds_for_products<topologies::Back>(8);
  holds_for_products<Memory>(9);
  holds_for_products<Gated>(10);
  holds_for_products<Mixed>(11);
}
