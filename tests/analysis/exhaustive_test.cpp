// SPDX-License-Identifier: MIT
// Small networks of unusual topologies, against all of their symmetries one by one. Weights are few
// different numbers, 0 and −0 among them, so that units are alike, opposite or without effect.
#include <backfold/activation/fast_tanh.hpp>
#include <set>

#include "numbers.hpp"
#include "properties.hpp"
#include "said.hpp"

using namespace topologies;

namespace {

template <Index B, Index C>
using Starts = Rnn<double, Input<1>, Dense<B, Tanh, Recurrent<>, Delayed<2, 2>, LearntStart>,
                   Dense<C, Tanh, SelfRecurrent<2>, LearntStart>, Dense<1, Linear>>;
template <Index B, Index C>
using GatedStarts = Rnn<double, Input<1>, Lstm<B, LearntStart, Delayed<3, 2>>,
                        Gru<C, LearntStart, From<0>>, Dense<1, Linear, From<1>>>;
template <Index B, Index C>
using MinGated =
    Rnn<double, Input<1>, MinGru<B, LearntStart>, Dense<C, FastTanh, From<0>>, Dense<2, Softmax>>;
template <Index B, Index C>
using Far = Rnn<double, Input<1>, Dense<B, Tanh, Delayed<3, 2>, Delayed<0, 2>, NoBias>,
                Dense<C, Tanh, SelfRecurrent<3>, Delayed<1, 2>, NoBias>,
                Dense<2, Linear, From<1>, From<0>, SelfRecurrent<>>>;
template <Index B, Index C>
using Added = Rnn<float, Input<2>, Dense<B, Tanh, Add<1, 1>, SelfRecurrent<>>,
                  Dense<C, Elu, Recurrent<2>>, Dense<1, Tanh, Delayed<1>>>;
template <Index B, Index C>
using Loop =
    Rnn<float, Input<1>, Dense<B, Linear, Recurrent<>, NoBias>,
        Dense<C, Tanh, Delayed<1, 1>, backfold::Back<1, 2>, NoBias>, Dense<1, Linear, NoBias>>;

/// All that can be done to the units of one layer.
std::vector<Transformation::Layer> changes_of(const LayerDescription& layer) {
  std::vector<Transformation::Layer> all;
  std::vector<Index> order(static_cast<std::size_t>(layer.units));
  std::iota(order.begin(), order.end(), Index{0});
  const bool negates = layer.symmetry == UnitSymmetry::ExchangeAndNegate;
  do {
    for (Index signs = 0; signs < (negates ? Index{1} << layer.units : 1); ++signs) {
      all.push_back({layer.layer, order, {}});
      for (Index unit = 0; unit < layer.units; ++unit) {
        if (signs >> unit & 1) all.back().negated.push_back(unit);
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return all;
}

/// Parameters of all networks equivalent to one, each once.
template <class Net>
std::set<std::vector<double>> orbit(const Net& net) {
  const auto list = backfold::layers(net);
  std::vector<Vector<typename Net::Scalar>> points{net.parameters()};
  for (std::size_t l = 1; l + 1 < list.size(); ++l) {
    const std::vector<Transformation::Layer> changes = changes_of(list[l]);
    std::vector<Vector<typename Net::Scalar>> next;
    for (const auto& w : points) {
      for (const auto& change : changes) {
        next.push_back(w);
        for (const Index unit : change.negated) negate_unit(net, change.layer, unit, next.back());
        permute_units(net, change.layer, change.permutation, next.back());
      }
    }
    points = next;
  }
  std::set<std::vector<double>> distinct;
  for (const auto& w : points) {
    std::vector<double> numbers;
    for (const auto v : w) numbers.push_back(static_cast<double>(v) + 0.0);  // −0 is 0
    distinct.insert(numbers);
  }
  return distinct;
}

template <class Net>
std::vector<double> numbers_of(const Net& net) {
  std::vector<double> numbers;
  for (const auto v : net.parameters()) numbers.push_back(static_cast<double>(v) + 0.0);
  return numbers;
}

/// Some other network, often an equivalent one but for one number.
template <class Net>
Net relative(const Net& net, Random& random) {
  Net other = net;
  Transformation(net, random).apply(net, other.parameters());
  auto any = [&]() -> auto& {
    return other.parameters()[static_cast<Index>(
        below(random, static_cast<std::uint64_t>(net.parameter_count())))];
  };
  switch (below(random, 4)) {
    case 0: {
      auto& w = any();
      w = -w;
      break;
    }
    case 1:
      any() += 1;
      break;
    case 2:
      std::swap(any(), any());
      break;
    default:
      break;
  }
  return other;
}

template <class Net>
void check_against_orbit(const Net& net, Random& random) {
  const auto all = orbit(net);
  for (int i = 0; i < 6; ++i) {
    const Net other = relative(net, random);
    const bool is_there = all.count(numbers_of(other)) > 0;
    CHECK(equivalent(net, other) == is_there);
    CHECK(equivalent(other, net) == is_there);
    Net form = other;
    canonicalise(form);
    CHECK((all.count(numbers_of(form)) > 0) == is_there);
    Net again = form;
    canonicalise(again);
    CHECK(again.parameters() == form.parameters());
  }
}

template <class Net>
void holds_exhaustively(std::uint64_t seed) {
  Random random(seed);
  for (int i = 0; i < 12; ++i) {
    INFO("seed " << seed << ", network " << i);
    Net net = random_network<Net>(random);
    has_symmetries(net, random);
    CHECK(equivalent_count(net) == std::to_string(orbit(net).size()));
    check_against_orbit(net, random);
    for (auto& w : net.parameters()) {
      w = static_cast<typename Net::Scalar>(std::round(uniform(random, -1.4, 1.4)) / 2);
    }
    keeps_function_and_gradient(net, random);
    check_against_orbit(net, random);
  }
}

}  // namespace

TEST_CASE("networks are equivalent just if one of all symmetries maps them", "[property]") {
  holds_exhaustively<Starts<2, 3>>(1);
  holds_exhaustively<Starts<1, 1>>(2);
  holds_exhaustively<GatedStarts<3, 2>>(3);
  holds_exhaustively<MinGated<2, 3>>(4);
  holds_exhaustively<Far<3, 2>>(5);
  holds_exhaustively<Added<3, 3>>(6);
  holds_exhaustively<Loop<2, 3>>(7);
}

TEST_CASE("one hidden layer without delays has one form, however alike its units are") {
  using Net = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Linear, From<0>>>;
  Random random(8);
  for (int i = 0; i < 300; ++i) {
    INFO("network " << i);
    Net net;
    for (double& w : net.parameters()) w = std::round(uniform(random, -1.4, 1.4)) / 2;
    Net other = relative(net, random);
    const bool are_equivalent = equivalent(net, other);
    canonicalise(net);
    canonicalise(other);
    CHECK((net.parameters() == other.parameters()) == are_equivalent);
  }
}

TEST_CASE("an embedding's vectors can be exchanged and negated, component by component") {
  using Net = Rnn<double, Input<1>, Embedding<3, 4>, Dense<2, Tanh, Recurrent<>>, Dense<1, Linear>>;
  Random random(9);
  const Net net = random_network<Net>(random);
  CHECK(equivalent_count(net) == "384");  // 3!·2³·2!·2²
  CHECK(orbit(net).size() == 384);
  check_against_orbit(net, random);
  Net other = net;
  Transformation(net, random).apply(net, other.parameters());
  Eigen::MatrixXd X(1, 8);
  X << 0, 3, 1, 2, 2, 0, 3, 1;
  Workspace workspace(net, 1, 8);
  const Eigen::MatrixXd y = run(net, X, 8, workspace);
  CHECK(difference(run(other, X, 8, workspace), y) < 1e-14);
}

TEST_CASE("a hidden unit that gives an index has no symmetry") {
  using Net = Rnn<double, Input<1>, Dense<1, Linear>, Embedding<2, 3>, Dense<1, Linear>>;
  Random random(10);
  Net net = random_network<Net>(random);
  CHECK(equivalent_count(net) == "8");  // 2!·2² of the embedding
  Net other = net;
  other.weights<2>().col(1) *= -1;
  CHECK_FALSE(equivalent(net, other));
  CHECK(said([&] { negate_unit(net, 1, 0); }) ==
        "symmetry: the units of layer 1 (Dense Linear) are Fixed");
}

TEST_CASE("layers that are joined one to one keep their units, others next to them do not") {
  using Net = Rnn<double, Input<2>, Dense<3, Tanh>, LayerNorm<3>, Dense<3, Tanh, Recurrent<>>,
                  Dropout<3>, Residual<3, 3>, Dense<4, Tanh, From<1>>, Dense<2, Linear>>;
  Random random(11);
  const Net net = random_network<Net>(random);
  for (const int layer : {1, 2, 3, 4, 5}) {
    INFO("layer " << layer);
    Net other = net;
    CHECK(said([&] { exchange_units(other, layer, 0, 1); }) != "");
    CHECK(other.parameters() == net.parameters());
  }
  Net other = net;
  permute_units(other, 6, {2, 0, 3, 1});
  negate_unit(other, 6, 1);
  CHECK(other.parameters() != net.parameters());
  const Eigen::MatrixXd X = numbers(2, 12, 1);
  Workspace workspace(net, 3, 4);
  const Eigen::MatrixXd y = run(net, X, 4, workspace);
  CHECK(difference(run(other, X, 4, workspace), y) < 1e-13);
}
