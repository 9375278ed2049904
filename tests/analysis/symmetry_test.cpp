// SPDX-License-Identifier: MIT
// Symmetries at known values, where units are alike, after training, and their refusals.
// Random networks of all topologies are in the other files of this room.
#include <backfold/activation/fast_tanh.hpp>
#include <chrono>
#include <cmath>
#include <functional>
#include <string>

#include "numbers.hpp"
#include "said.hpp"
#include "topologies.hpp"

using namespace topologies;

namespace {

/// Odd, and says so.
struct Softsign {
  static constexpr bool is_odd = true;
  template <class V>
  V value(const V& net) const {
    return net / (1 + abs(net));
  }
  template <class V>
  V derivative(const V& x) const {
    return square(1 - abs(x));
  }
};

/// Odd, but does not say so.
struct Silent {
  template <class V>
  V value(const V& net) const {
    return net / (1 + abs(net));
  }
  template <class V>
  V derivative(const V& x) const {
    return square(1 - abs(x));
  }
};

/// Says that it is odd, and is not.
struct Liar : Relu {
  static constexpr bool is_odd = true;
};

/// Derived from an odd activation, and says that it is odd.
struct OddTanh : Tanh {
  static constexpr bool is_odd = true;
};

/// Each output is the sum of the net inputs up to its own: units have their places.
struct RunningSum {
  template <class S>
  void(apply)(S* x, Index units) const {
    for (Index i = 1; i < units; ++i) x[i] += x[i - 1];
  }
  template <class S>
  void multiply_by_derivative(const S*, S* delta, Index units) const {
    for (Index i = units - 1; i > 0; --i) delta[i - 1] += delta[i];
  }
};
struct FixedSum : RunningSum {
  static constexpr auto unit_symmetry = UnitSymmetry::Fixed;
};

/// A cell whose units forget at rates of their own, c^t = c^(t−1)·r_i + net, h^t = c^t.
template <Index Units>
struct Leaky : Extent<Units> {
  using Extent<Units>::Extent;
  static constexpr Index units_at_compile_time = Units;
  static constexpr std::array<Connection, 2> connections{Connection{}, Recurrent<>::connection};
  static constexpr int bias_columns = 1, net_gates = 1, weight_gates = 1;
  static constexpr bool has_memory = true;
  static constexpr PartList parts(int) { return {{{0, 0, 1}}, 1}; }

  template <class S>
  void forward(S* net, const S*, const S* c_before, S* h, S* c, Index units, Index n) const {
    for (Index k = 0; k < units * n; ++k) {
      h[k] = c[k] = c_before[k] / static_cast<S>(1 + k % units) + net[k];
    }
  }
  template <class S>
  void pull_back(S* net, const S*, const S*, const S*, const S*, const S* d_h, S* d_c, S*,
                 Index units, Index n) const {
    for (Index k = 0; k < units * n; ++k) {
      net[k] = d_h[k] + d_c[k];
      d_c[k] = net[k] / static_cast<S>(1 + k % units);
    }
  }
  template <class S>
  void gather_bias(const S* bias, S* net_bias, Index units) const {
    std::copy(bias, bias + units, net_bias);
  }
  template <class S>
  void scatter_bias(const S* d_net_bias, S* d_bias, Index units) const {
    std::copy(d_net_bias, d_net_bias + units, d_bias);
  }
};
template <Index Units>
struct LyingCell : Leaky<Units> {
  using Leaky<Units>::Leaky;
  static constexpr auto unit_symmetry = UnitSymmetry::Exchange;
};

/// Joins unit i of the input to unit i, and unit i of layer 1 to unit i of the layer that has it.
struct OneToOne {
  static constexpr Connection connection{1, 1, true};
};

using Classic = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<1, Sigmoid>>;
template <class A>
using Deep =
    Mlp<double, Input<Dynamic>, Dense<Dynamic, A>, Dense<Dynamic, A>, Dense<Dynamic, Linear>>;

}  // namespace

TEST_CASE("a negated unit has its weights, its bias and what leads out negated, no other") {
  Rnn<double, Input<1>, Dense<2, Tanh, Recurrent<>>, Dense<1, Linear>> net;
  net.parameters() << 1, 2, 11, 21, 12, 22, 5, 6, 7, 8, 9;
  negate_unit<1>(net, 1);
  Eigen::VectorXd expected(11);
  //          W      U: 11, 21, 12, 22   b     V     b
  expected << 1, -2, 11, -21, -12, 22, 5, -6, 7, -8, 9;
  CHECK(net.parameters() == expected);
}

TEST_CASE("exchanged units exchange their rows and columns, in each gate and bias column") {
  Rnn<double, Input<1>, Gru<2>, Dense<1, Linear>> net;
  for (Index i = 0; i < net.parameter_count(); ++i) net.parameters()[i] = double(i);
  const auto before = net;
  exchange_units<1>(net, 0, 1);
  for (Index row = 0; row < 6; ++row) {
    const Index from = row ^ 1;
    CHECK(net.weights<1, 0>()(row, 0) == before.weights<1, 0>()(from, 0));
    CHECK(net.weights<1, 1>()(row, 0) == before.weights<1, 1>()(from, 1));
    CHECK(net.weights<1, 1>()(row, 1) == before.weights<1, 1>()(from, 0));
    CHECK(net.bias<1>()(row) == before.bias<1>()(from));
    CHECK(net.bias<1>()(6 + row) == before.bias<1>()(6 + from));
  }
  CHECK(net.weights<2>()(0, 0) == before.weights<2>()(0, 1));
  CHECK(net.weights<2>()(0, 1) == before.weights<2>()(0, 0));
  CHECK(net.bias<2>()(0) == before.bias<2>()(0));
}

TEST_CASE("unit permutation[i] comes to place i") {
  Classic net;
  net.bias<1>() << 10, 11, 12;
  permute_units<1>(net, {2, 0, 1});
  CHECK(net.bias<1>() == Eigen::Vector3d(12, 10, 11));
}

TEST_CASE("two negations, and a permutation and its inverse, give the same bits back") {
  Random random(1);
  const auto net = random_network<topologies::Back<double, 2, 5, 4, 2>>(random);
  auto other = net;
  negate_unit(other, 2, 3);
  permute_units(other, 1, {3, 1, 4, 0, 2});
  CHECK(other.parameters() != net.parameters());
  permute_units(other, 1, {3, 1, 4, 0, 2});  // not its own inverse
  CHECK(other.parameters() != net.parameters());
  permute_units(other, 1, {3, 1, 4, 0, 2});
  permute_units(other, 1, {3, 1, 4, 0, 2});
  permute_units(other, 1, {3, 1, 4, 0, 2});
  permute_units(other, 1, {3, 1, 4, 0, 2});
  negate_unit(other, 2, 3);
  CHECK(other.parameters() == net.parameters());
}

TEST_CASE("equivalent networks are counted exactly") {
  CHECK(equivalent_count(Classic()) == "48");  // 3!·2³
  CHECK(equivalent_count(Mlp<float, Input<2>, Dense<1, Tanh>>()) == "1");
  CHECK(equivalent_count(Mlp<float, Input<9>, Dense<20, Tanh>, Dense<1, Linear>>()) ==
        "2551082656125828464640000");  // 20!·2²⁰
  CHECK(equivalent_count(Mlp<float, Input<9>, Dense<20, Relu>, Dense<1, Linear>>()) ==
        "2432902008176640000");  // 20!
  CHECK(equivalent_count(Rnn<float, Input<2>, Dense<5, Tanh, Recurrent<>>, Lstm<4>, Gru<3>,
                             Dense<2, Softmax>>()) == "552960");  // 5!·2⁵·4!·3!
  CHECK(equivalent_count(Mlp<float, Input<2>, Dense<3, FixedSum>, Dense<1, Linear>>()) == "1");
}

TEST_CASE("the count has all its digits, whatever their number") {
  const Deep<Relu> net(1, 1000, 25, 1);
  const std::string count = equivalent_count(net);
  // 1000! ends in 249 zeros, 25! in 6. Digits from Python's math.factorial.
  CHECK(count.size() == 2593);
  CHECK(count.substr(0, 20) == "62415133098162544376");
  CHECK(count.substr(count.size() - 275, 20) == "75909549786239336448");
  CHECK(count.find_last_not_of('0') == count.size() - 256);
}

TEST_CASE("the logarithm of the count is that of the gamma function") {
  for (const int units : {1, 2, 20, 1000}) {
    const double expected =
        std::lgamma(units + 1.0) + units * std::log(2.0) + std::lgamma(4.0) + 3 * std::log(2.0);
    CHECK(log_equivalent_count(Deep<Tanh>(2, units, 3, 1)) == Approx(expected).epsilon(1e-13));
  }
  CHECK(log_equivalent_count(Classic()) == Approx(std::log(48.0)));
}

TEST_CASE("an activation of the user's declares that it is odd") {
  using Odd = Mlp<double, Input<2>, Dense<3, Softsign>, Dense<1, Linear>>;
  Random random(2);
  Odd net = random_network<Odd>(random);
  const Eigen::MatrixXd X = numbers(2, 5, 1), y = net(X);
  negate_unit<1>(net, 2);
  CHECK(difference(net(X), y) < 1e-14);
  CHECK(equivalent_count(net) == "48");
  CHECK(equivalent_count(Mlp<double, Input<2>, Dense<3, Silent>, Dense<1, Linear>>()) == "6");
}

TEST_CASE("check_activation and check_cell see a wrong declaration") {
  CHECK(check_activation(Softsign{}).ok());
  CHECK(check_activation(Tanh{.slope = 1.7}).ok());
  CHECK(check_activation(Linear{}).ok());
  CHECK(check_activation(Liar{}).failures().find("is_odd") != std::string::npos);
  CHECK(check_cell(Leaky<3>()).ok());
  CHECK(check_cell(LyingCell<3>()).failures().find("unit_symmetry") != std::string::npos);
}

TEST_CASE("units that are alike do not confuse the canonical form") {
  Random random(3);
  auto net = random_network<Deep<Tanh>>(random, 2, 6, 5, 2);
  SECTION("all biases are 0") {
    net.bias<1>().setZero();
    net.bias<2>().setZero();
  }
  SECTION("two units have the same incoming weights") {
    net.weights<1>().row(4) = net.weights<1>().row(1);
    net.bias<1>()(4) = net.bias<1>()(1);
  }
  SECTION("two units are negatives of each other") {
    net.weights<1>().row(4) = -net.weights<1>().row(1);
    net.bias<1>()(4) = -net.bias<1>()(1);
  }
  SECTION("two units are equal in everything") {
    net.weights<1>().row(4) = net.weights<1>().row(1);
    net.bias<1>()(4) = net.bias<1>()(1);
    net.weights<2>().col(4) = net.weights<2>().col(1);
  }
  SECTION("weights cancel: a, −a") {
    net.weights<1>().col(1) = -net.weights<1>().col(0);
    net.bias<1>().setZero();
  }
  SECTION("a unit is without effect") { net.weights<2>().col(3).setZero(); }
  for (int i = 0; i < 20; ++i) {
    auto other = net, form = net;
    Transformation(net, random).apply(net, other.parameters());
    CHECK(equivalent(net, other));
    canonicalise(other);
    canonicalise(form);
    CHECK(equivalent(form, other));
    CHECK(form.parameters() == other.parameters());
  }
}

TEST_CASE("networks of three different weights have equivalents, whatever their forms") {
  Random random(9);
  for (int i = 0; i < 20; ++i) {
    auto net = random_network<topologies::Back<double, 2, 6, 5, 1>>(random);
    for (double& w : net.parameters()) w = std::round(1.2 * w);
    auto other = net, form = net;
    Transformation(net, random).apply(net, other.parameters());
    CHECK(equivalent(net, other));
    canonicalise(other);
    canonicalise(form);
    CHECK(equivalent(form, other));
    CHECK(equivalent(net, other));
    const auto before = form.parameters();
    canonicalise(form);
    CHECK(form.parameters() == before);
  }
}

TEST_CASE("networks are equivalent where rounding makes the order of units arbitrary") {
  Random random(4);
  using Net = topologies::Elman<double, Dynamic, Dynamic, Dynamic, Dynamic>;
  for (int i = 0; i < 20; ++i) {
    Net net = random_network<Net>(random, 2, 8, 1);
    // Units in pairs that differ by rounding in all but the recurrent matrix.
    for (Index unit = 0; unit < 8; unit += 2) {
      net.weights<1, 0>().row(unit + 1) = -net.weights<1, 0>().row(unit);
      net.bias<1>()(unit + 1) = -net.bias<1>()(unit) + 1e-14;
      net.weights<2>()(0, unit + 1) = -net.weights<2>()(0, unit) - 1e-14;
    }
    Net other = net;
    Transformation(net, random).apply(net, other.parameters());
    for (double& w : other.parameters()) w += uniform(random, -1e-13, 1e-13);
    CHECK(equivalent(net, other, 1e-12));
    other.weights<1, 1>()(3, 5) += 0.01;
    CHECK_FALSE(equivalent(net, other, 1e-12));
  }
}

TEST_CASE("an activation derived from an odd one is odd only if it says so") {
  struct Own : Tanh {};
  CHECK(activation_symmetry<Tanh>() == UnitSymmetry::ExchangeAndNegate);
  CHECK(activation_symmetry<FastTanh>() == UnitSymmetry::ExchangeAndNegate);
  CHECK(activation_symmetry<Linear>() == UnitSymmetry::ExchangeAndNegate);
  CHECK(activation_symmetry<Own>() == UnitSymmetry::Exchange);
  CHECK(activation_symmetry<OddTanh>() == UnitSymmetry::ExchangeAndNegate);
}

TEST_CASE("a layer derived from the library's is equivalent to one of its own type only") {
  struct Own : Dense<3, Tanh> {};
  using Net = Mlp<double, Input<2>, Own, Dense<1, Linear>>;
  CHECK(equivalent(Net(), Net()));
  CHECK_FALSE(equivalent(Net(), Mlp<double, Input<2>, Dense<3, Tanh>, Dense<1, Linear>>()));
}

TEST_CASE("units that all look alike are matched through the layers around them, quickly") {
  Random random(5);
  const auto start = std::chrono::steady_clock::now();
  SECTION("nothing leads into the first layer") {
    Deep<Tanh> net = random_network<Deep<Tanh>>(random, 2, 20, 20, 1);
    net.weights<1>().setZero();
    net.bias<1>().setZero();
    Deep<Tanh> other = net;
    Transformation(net, random).apply(net, other.parameters());
    CHECK(equivalent(net, other));
    other.weights<2>()(7, 7) += 1;
    CHECK_FALSE(equivalent(net, other));
  }
  SECTION("without a bias, a layer in the middle touches neither inputs nor outputs") {
    using Net = Mlp<double, Input<3>, Dense<12, Tanh>, Dense<12, Tanh, NoBias>, Dense<12, Tanh>,
                    Dense<2, Linear>>;
    Net net = random_network<Net>(random);
    Net other = net;
    Transformation(net, random).apply(net, other.parameters());
    CHECK(equivalent(net, other));
  }
  SECTION("all parameters are 0") {
    CHECK(equivalent(topologies::Elman<double, 1, 40, 1, 1>(),
                     topologies::Elman<double, 1, 40, 1, 1>()));
  }
  SECTION("one weight of a recurrent matrix against none") {
    topologies::Elman<double, 1, 40, 1, 1> a, b;
    b.weights<1, 1>()(3, 5) = 1;
    CHECK_FALSE(equivalent(a, b));
    a.weights<1, 1>()(8, 1) = -1;
    CHECK(equivalent(a, b));
  }
  SECTION("thirty units alike against twenty-nine and one that differs by half the tolerance") {
    using Net = Mlp<double, Input<1>, Dense<31, Tanh, NoBias>, Dense<1, Linear>>;
    Net a, b;
    b.weights<1>()(7, 0) = 0.5;
    CHECK(equivalent(a, b, 1.0));
    a.weights<1>()(3, 0) = 1.6;
    a.weights<1>()(4, 0) = 1.6;
    CHECK_FALSE(equivalent(a, b, 1.2));  // two units for one place
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("weights between hidden units decide, where each unit alone has a partner") {
  Random random(10);
  SECTION("one sign differs") {
    const auto deep = random_network<Deep<Tanh>>(random, 2, 5, 5, 1);
    auto other = deep;
    other.weights<2>()(3, 1) *= -1;
    CHECK_FALSE(equivalent(deep, other));
    const auto loop = random_network<topologies::Elman<double, 2, 5, 1, 1>>(random);
    auto loop_other = loop;
    loop_other.weights<1, 1>()(3, 1) *= -1;
    CHECK_FALSE(equivalent(loop, loop_other));
  }
  SECTION("units in one ring of six, or in two of three") {
    topologies::Elman<double, 1, 6, 1, 1> one, two;
    for (int unit = 0; unit < 6; ++unit) {
      one.weights<1, 1>()((unit + 1) % 6, unit) = 0.5;
      two.weights<1, 1>()(unit / 3 * 3 + (unit + 1) % 3, unit) = 0.5;
    }
    CHECK_FALSE(equivalent(one, two));
    auto other = one;
    Transformation(one, random).apply(one, other.parameters());
    CHECK(equivalent(one, other));
    other.weights<1, 1>() *= -1;  // an even ring: negate every second unit
    CHECK(equivalent(one, other));
    auto odd = two;
    odd.weights<1, 1>() *= -1;
    CHECK_FALSE(equivalent(two, odd));
  }
}

TEST_CASE("a large network is compared quickly") {
  Random random(6);
  using Net = topologies::Elman<float, Dynamic, Dynamic, Dynamic, Dynamic>;
  const Net net = random_network<Net>(random, 10, 200, 3);
  Net other = net;
  Transformation(net, random).apply(net, other.parameters());
  CHECK(equivalent(net, other));
  Net form = net;
  canonicalise(form);
  canonicalise(other);
  CHECK(form.parameters() == other.parameters());
}

TEST_CASE("networks are compared across sizes in the type and scalars, other types are unequal") {
  Random random(7);
  const auto fixed = random_network<OneLayer<float, 2, 5, 1, 1>>(random);
  OneLayer<double, Dynamic, Dynamic, Dynamic, Dynamic> other(fixed);
  negate_unit(other, 1, 2);
  exchange_units(other, 1, 2, 4);
  CHECK(equivalent(fixed, other));
  CHECK_FALSE(equivalent(fixed, OneLayer<float, 2, 4, 1, 1>()));
  CHECK_FALSE(equivalent(fixed, Mlp<float, Input<2>, Dense<5, Relu>, Dense<1, Linear>>()));
  CHECK_FALSE(equivalent(fixed, Mlp<float, Input<2>, Dense<5, Tanh>>()));

  using Sloped = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<1, Linear>>;
  CHECK_FALSE(equivalent(Sloped(), Sloped(Input<2>(), Dense<3, Tanh>(Tanh{.slope = 2}), {})));
}

TEST_CASE("a network that is not finite is equivalent to none") {
  Classic net;
  net.parameters()[0] = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(equivalent(net, net, 1.0));
  CHECK_FALSE(equivalent(Classic(), net, 1.0));
  net.parameters()[0] = std::numeric_limits<double>::infinity();
  CHECK_FALSE(equivalent(net, net, 1.0));
}

TEST_CASE("trainings from equivalent starts end in one canonical form", "[training]") {
  Random random(8);
  SECTION("a perceptron") {
    using Net = Skips<double, 2, 4, 3, 3>;
    const Net start = random_network<Net>(random);
    const Eigen::MatrixXd X = numbers(2, 30, 2), Z = numbers(3, 30, 3);
    Net a = start, b = start;
    Transformation(start, random).apply(start, b.parameters());
    const FitOptions options{.epochs = 200, .batch_size = full_batch};
    for (Net* net : {&a, &b}) {
      fit(*net, HalfSquaredError{}, Adam{.learning_rate = 0.01}, Samples(X, Z), options);
    }
    CHECK_FALSE(equivalent(a, start, 0.05));  // it has learned
    CHECK(equivalent(a, b, 1e-9));
    canonicalise(a);
    canonicalise(b);
    CHECK((a.parameters() - b.parameters()).cwiseAbs().maxCoeff() < 1e-9);
  }
  SECTION("a recurrent network") {
    using Net = topologies::Mixed<double, 2, 4, 3, 2>;
    const Net start = random_network<Net>(random);
    const Eigen::MatrixXd X = numbers(2, 40, 4), Z = numbers(2, 40, 5);
    Net a = start, b = start;
    Transformation(start, random).apply(start, b.parameters());
    const FitOptions options{.epochs = 100, .batch_size = full_batch};
    for (Net* net : {&a, &b}) {
      fit(*net, HalfSquaredError{}, Momentum{.learning_rate = 0.1}, Sequences(X, Z, 10), options);
    }
    CHECK_FALSE(equivalent(a, start, 0.01));
    CHECK(equivalent(a, b, 1e-9));
    canonicalise(a);
    canonicalise(b);
    CHECK((a.parameters() - b.parameters()).cwiseAbs().maxCoeff() < 1e-9);
  }
}

TEST_CASE("what is no symmetry is refused in words") {
  using Cells = Rnn<double, Input<2>, Lstm<3>, Dense<2, Relu>, Dense<1, Linear>>;
  using OwnCell = Rnn<double, Input<2>, Leaky<3>, Dense<1, Linear>>;
  using OwnSum = Mlp<double, Input<2>, Dense<3, RunningSum>, Dense<1, Linear>>;
  using Fixed = Mlp<double, Input<2>, Dense<3, FixedSum>, Dense<1, Linear>>;
  using Joined = Rnn<double, Input<2>, Dense<3, Tanh>, Dense<3, Tanh, OneToOne>, Dense<1, Linear>>;
  Classic net;
  Cells cells;
  OwnCell own;
  OwnSum sum;
  Fixed fixed;
  Joined joined;
  Eigen::VectorXd g(12);
  const std::string odd =
      " cannot change its sign: that takes an activation with is_odd, as Tanh or Linear";
  const std::string undeclared =
      " does not declare its unit_symmetry (see activation/unit_symmetry.hpp)";

  CHECK(said([&] { negate_unit(net, 0, 0); }) ==
        "symmetry: layer 0 is not hidden: the network has 3 layers, of which the first and the "
        "last have no symmetries");
  CHECK(said([&] { exchange_units(net, 2, 0, 0); }).find("layer 2 is not hidden") == 10);
  CHECK(said([&] { permute_units(net, -1, {}); }).find("layer -1 is not hidden") == 10);
  CHECK(said([&] { negate_unit(net, 1, 3); }) == "symmetry: layer 1 has 3 units, got unit 3");
  CHECK(said([&] { exchange_units(net, 1, 0, -1); }) ==
        "symmetry: layer 1 has 3 units, got unit -1");
  CHECK(said([&] {
          permute_units(net, 1, {0, 1});
        }) == "symmetry: the permutation has 2 places, the layer 3 units");
  CHECK(said([&] {
          permute_units(net, 1, {0, 1, 1});
        }) == "symmetry: a permutation of 3 units names each of 0 to 2 once, got 1 twice");
  CHECK(said([&] {
          permute_units(net, 1, {0, 1, 3});
        }) == "symmetry: a permutation of 3 units names each of 0 to 2 once, got 3");
  CHECK(said([&] { negate_unit(net, 1, 0, g); }) ==
        "symmetry: the network has 13 parameters, the vector holds 12");
  CHECK(said([&] { negate_unit(cells, 1, 0); }) == "symmetry: a unit of layer 1 (Lstm)" + odd);
  CHECK(said([&] { negate_unit(cells, 2, 0); }) ==
        "symmetry: a unit of layer 2 (Dense Relu)" + odd);
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { exchange_units(own, 1, 0, 1); }, [&] { (void)equivalent_count(own); },
           [&] { (void)log_equivalent_count(own); }, [&] { canonicalise(own); },
           [&] { (void)equivalent(own, own); }}) {
    CHECK(said(call) == "symmetry: layer 1 (unnamed)" + undeclared);
  }
  CHECK(said([&] { exchange_units(sum, 1, 0, 1); }) ==
        "symmetry: layer 1 (Dense unnamed)" + undeclared);
  CHECK(said([&] { exchange_units(fixed, 1, 0, 1); }) ==
        "symmetry: the units of layer 1 (Dense unnamed) are Fixed");
  for (const int layer : {1, 2}) {
    CHECK(said([&] { exchange_units(joined, layer, 0, 1); }) ==
          "symmetry: the units of layer " + std::to_string(layer) +
              " (Dense Tanh) keep their places: a connection from layer 1 to layer 2 joins unit i "
              "to unit i");
  }
  CHECK(said([&] { (void)equivalent(net, net, -1); }) ==
        "equivalent: tolerance must be >= 0, got -1");
  net.parameters()[3] = std::numeric_limits<double>::infinity();
  CHECK(said([&] { canonicalise(net); }) ==
        "canonicalise: the network has parameters that are not finite");
  Deep<Tanh> resized(2, 3, 3, 1);
  resized.parameters().resize(5);
  CHECK(said([&] { exchange_units(resized, 1, 0, 1); }) ==
        "network: it has 25 parameters, the vector set holds 5");
}
