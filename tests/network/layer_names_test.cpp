// SPDX-License-Identifier: MIT
// Layers by name, by number and by distance.
#include <backfold/backfold.hpp>
#include <sstream>

#include "catch.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

template <Index A, Index B, Index C, Index D, Index E>
using ByName = Rnn<double, Input<A>, Dense<B, Tanh, Name<"encoder">, Delayed<"decoder", 2>>,
                   Lstm<C, Name<"decoder">>, Dense<D, Linear, From<"encoder">, Name<"sum">>,
                   Dense<E, Tanh, Add<"encoder">, Add<"sum", 1>>>;
using Named = ByName<2, 3, 4, 3, 3>;
using Numbered =
    Rnn<double, Input<2>, Dense<3, Tanh, Name<"encoder">, Delayed<2, 2>>, Lstm<4, Name<"decoder">>,
        Dense<3, Linear, From<1>, Name<"sum">>, Dense<3, Tanh, Add<1>, Add<3, 1>>>;

struct Own : Dense<3, Tanh> {  // a user's layer with a name
  static constexpr LayerName label{"own"};
};

template <class... Options>
struct Derived : Dense<3, Linear, Options...> {  // a user's layer with options
  template <class Map>
  using WithOptions = Derived<typename Map::template Type<Options>...>;
};

}  // namespace

TEST_CASE("a source by name is one by number", "[network]") {
  CHECK((std::is_same_v<Named, Numbered>));
  using Layer = Dense<3, Tanh, Name<"one">>;
  CHECK((std::is_same_v<Mlp<float, Input<2>, Layer, Dense<3, Tanh>, Residual<3, "one">>,
                        Network<float, Input<2>, Layer, Dense<3, Tanh>, Residual<3, 1>>>));
}

TEST_CASE("a derived layer with a WithOptions of its own keeps its type", "[network]") {
  using First = Dense<3, Tanh, Name<"first">>;
  CHECK((std::is_same_v<Mlp<float, Input<2>, First, Dense<2, Tanh>, Derived<From<"first">>>,
                        Network<float, Input<2>, First, Dense<2, Tanh>, Derived<From<1>>>>));
}

TEST_CASE("a layer that is put in shifts no source by name or distance", "[network]") {
  using A = Dense<3, Tanh, Name<"a">>;
  using Sum = Dense<1, Linear, From<"a">, Back<3>>;
  using Before = Mlp<double, Input<2>, A, Dense<4, Tanh>, Sum>;
  using After = Mlp<double, Input<2>, Dense<7, Tanh>, A, Dense<4, Tanh>, Sum>;
  const auto before = layers(Before())[3].connections;
  const auto after = layers(After())[4].connections;
  REQUIRE(before.size() == 3);
  CHECK((before[1].source == 1 && before[2].source == 0));
  CHECK((after[1].source == 2 && after[2].source == 1));
  using Past = Rnn<double, Input<2>, Dense<3, Tanh>, Dense<2, Tanh, Back<1, 2>>>;
  CHECK(layers(Past())[2].connections[1] == Connection(1, 2));
}

TEST_CASE("views of parameters go by name", "[network]") {
  Named net;
  CHECK(net.weights<"encoder">().data() == net.weights<1>().data());
  CHECK(net.weights<"encoder", 1>().data() == net.weights<1, 1>().data());
  CHECK(net.bias<"decoder">().size() == 32);
  net.bias<"sum">().setConstant(2);
  const Named& fixed = net;
  CHECK((fixed.bias<3>().array() == 2).all());
  CHECK(fixed.weights<"sum">().cols() == 7);
  Mlp<double, Input<2>, Own, Dense<1, Linear, From<0>>> own;
  CHECK(own.weights<"own">().data() == own.weights<1>().data());
}

TEST_CASE("descriptions and the table say the names", "[network]") {
  const Named net;
  CHECK(std::string(layers(net)[2].label) == "decoder");
  CHECK(std::string(layers(net)[4].label).empty());
  CHECK(std::string(blocks(net)[0].label) == "encoder");
  std::ostringstream out;
  out << net;
  CHECK(out.str().find("Dense Tanh(slope = 1) \"encoder\" ") != std::string::npos);
  CHECK(out.str().find("Lstm \"decoder\" ") != std::string::npos);
}

TEST_CASE("networks with names convert between sizes, and their gradients are exact", "[network]") {
  Named net;
  Random random(1);
  net.initialize(Uniform{-0.7, 0.7}, random);
  const ByName<Dynamic, Dynamic, Dynamic, Dynamic, Dynamic> sized(net);
  const Eigen::MatrixXd X = numbers(2, 10, 1), Z = numbers(3, 10, 2);
  CHECK(check_gradient(sized, HalfSquaredError{}, Sequences<double>(X, Z, 5)).largest_difference <
        1e-7);
}
