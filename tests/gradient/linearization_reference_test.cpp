// SPDX-License-Identifier: MIT
// Jacobian-vector and vector-Jacobian products against torch.autograd.functional.
#include "backfold/gradient/linearization.hpp"

#include "catch.hpp"
#include "reference/states.hpp"

using namespace backfold;

namespace {

template <class Net>
void check_products(const char* name, Net net) {
  INFO(name);
  constexpr double tolerance = 1e-12;
  const Reference ref(std::string("derivatives/") + name);
  const auto batch = static_cast<Index>(ref.number("batch"));
  const auto steps = static_cast<Index>(ref.number("steps"));
  net.parameters() = ref["w"];
  State<Net> initial(net, batch), d_initial(net, batch), result(net, batch);
  for_each_key("initial", initial, [&](const auto& key, auto block) { block = ref[key]; });
  for_each_key("d_initial", d_initial, [&](const auto& key, auto block) { block = ref[key]; });

  Linearization<Net> at(net, batch, steps);
  CHECK(difference(at.run(net, ref["X"], steps, &initial), ref["Y"]) < tolerance);
  const Vector<double> v = ref["v"];
  const Matrix<double> dX = ref["dX"];
  CHECK(difference(at.jacobian_vector_product(net, {&v, &dX, &d_initial}), ref["jvp"]) < tolerance);

  Vector<double> g;
  Matrix<double> gX;
  at.vector_jacobian_product(net, ref["U"], {&g, &gX, &result});
  CHECK(difference(g, ref["vjp_w"]) < tolerance);
  CHECK(difference(gX, ref["vjp_X"]) < tolerance);
  for_each_key("vjp_initial", result, [&](const auto& key, const auto& block) {
    CHECK(difference(block, ref[key]) < tolerance);
  });
}

}  // namespace

TEST_CASE("products with the Jacobian equal PyTorch's", "[reference]") {
  check_products("skips", Mlp<double, Input<3>, Dense<4, Tanh>, Dense<3, Softmax, From<0>>>());
  check_products(
      "layer_norm",
      Mlp<double, Input<3>, Dense<4, Linear>, LayerNorm<4>, Activate<4, Gelu>, Dense<2, Linear>>());
  check_products("elman", Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>());
  check_products("lstm", Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>());
  check_products("gru", Rnn<double, Input<2>, Gru<3>, Dense<2, Tanh, From<0>>>());
  check_products(
      "min_gru",
      Rnn<double, Input<2>, MinGru<3>, Dense<2, Silu, SelfRecurrent<>, Delayed<1, 2>>>());
}
