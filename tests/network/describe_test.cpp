// SPDX-License-Identifier: MIT
// A network lists its layers and the blocks of w, and prints them.
#include <backfold/backfold.hpp>
#include <sstream>

#include "catch.hpp"

using namespace backfold;

namespace {

struct Cube {  // an activation without a name
  double scale = 1;
  static constexpr std::tuple settings{Setting{"scale", &Cube::scale}};
  template <class V>
  V value(const V& net) const {
    return scale * net * net * net;
  }
  template <class V>
  V derivative(const V& net) const {
    return 3 * scale * net * net;
  }
};

template <Index A, Index B, Index C, Index D, Index E>
using Mixed = Rnn<double, Input<A>, Dense<B, Tanh, SelfRecurrent<>, Delayed<3, 2>>, Lstm<C>,
                  Gru<D, From<0>, NoBias>, Dense<E, Softmax>>;
using Dynamics = Mixed<Dynamic, Dynamic, Dynamic, Dynamic, Dynamic>;

Dynamics mixed() {
  return Dynamics(Input<Dynamic>(3), {5, Tanh{.slope = 1.5}}, Lstm<Dynamic>(6),
                  Gru<Dynamic, From<0>, NoBias>(7), {10});
}

}  // namespace

TEST_CASE("the blocks of a network fill w, in order and without gaps", "[network]") {
  Dynamics net = mixed();
  const std::vector<Block> list = blocks(net);
  Index end = 0;
  int layer = 1;
  for (const Block& b : list) {
    CHECK(b.offset == end);
    CHECK(b.layer >= layer);
    layer = b.layer;
    end += b.size();
  }
  CHECK(end == net.parameter_count());
  REQUIRE(list.size() == 12);  // 3 + 1, 2 + 1, 3 and 1 + 1
}

TEST_CASE("a block is what weights and bias show", "[network]") {
  Dynamics net = mixed();
  Random random(1);
  net.initialize(Uniform{-1, 1}, random);
  const std::vector<Block> list = blocks(net);
  auto shows = [&](const Block& b, const auto& view) {
    return b.size() == view.size() && net.parameters().data() + b.offset == view.data();
  };
  CHECK(shows(list[0], net.weights<1, 0>()));
  CHECK(shows(list[1], net.weights<1, 1>()));
  CHECK(shows(list[2], net.weights<1, 2>()));
  CHECK(shows(list[3], net.bias<1>()));
  CHECK(shows(list[5], net.weights<2, 1>()));
  CHECK(list[5].rows == 24);
  CHECK(list[5].columns == 6);
  CHECK(shows(list[6], net.bias<2>()));
  CHECK(shows(list[9], net.weights<3, 2>()));
  CHECK(list[9].kind == Block::Kind::Weights);
  CHECK(shows(list[11], net.bias<4>()));
  CHECK(list[11].kind == Block::Kind::Bias);
}

TEST_CASE("blocks name their layer and the connection they belong to", "[network]") {
  const std::vector<Block> list = blocks(mixed());
  CHECK(std::string(list[0].type) == "Dense");
  CHECK(list[0].connection.source == 0);
  CHECK(list[1].connection.source == 1);
  CHECK(list[1].connection.delay == 1);
  CHECK(list[1].connection.weights == Weights::Diagonal);
  CHECK(list[1].columns == 1);
  CHECK(list[2].connection.source == 3);
  CHECK(list[2].connection.delay == 2);
  CHECK(std::string(list[4].type) == "Lstm");
  CHECK(list[9].connection.source == 0);
  CHECK(list[9].connection.delay == 0);
}

TEST_CASE("layers are described with their activations and settings", "[network]") {
  const std::vector<LayerDescription> list = layers(mixed());
  REQUIRE(list.size() == 5);
  CHECK(std::string(list[0].type) == "Input");
  CHECK(list[0].units == 3);
  CHECK(list[0].parameters == 0);
  CHECK(list[0].connections.empty());
  CHECK(std::string(list[1].activation) == "Tanh");
  CHECK(list[1].settings == std::vector<SettingValue>{{"slope", 1.5}});
  CHECK(std::string(list[2].type) == "Lstm");
  CHECK(std::string(list[2].activation).empty());
  CHECK(list[3].connections.size() == 3);
  CHECK(list[4].parameters == 80);
}

TEST_CASE("fixed and Dynamic sizes describe one network", "[network]") {
  std::ostringstream fixed, dynamic;
  fixed << Mixed<3, 5, 6, 7, 10>(Dynamics(3, 5, 6, 7, 10));
  dynamic << Dynamics(3, 5, 6, 7, 10);
  CHECK(fixed.str() == dynamic.str());
}

TEST_CASE("a type of the user's has no name, but its settings", "[network]") {
  using OneCube = Mlp<float, Input<1>, Dense<1, Cube>>;
  const auto list = layers(OneCube(Input<1>{}, Dense<1, Cube>(Cube{.scale = 2})));
  CHECK(std::string(list[1].activation) == "unnamed");
  CHECK(list[1].settings == std::vector<SettingValue>{{"scale", 2}});
}

TEST_CASE("a network prints as a table", "[network]") {
  std::ostringstream out;
  out << mixed();
  CHECK(out.str() ==
        "layer  type                     units  from                           parameters\n"
        "    0  Input                        3                                          0\n"
        "    1  Dense Tanh(slope = 1.5)      5  0, itself t-1 diagonal, 3 t-2          60\n"
        "    2  Lstm                         6  1, itself t-1                         312\n"
        "    3  Gru                          7  2, itself t-1, 0                      336\n"
        "    4  Dense Softmax               10  3                                      80\n"
        "                                                                             788\n");
}
