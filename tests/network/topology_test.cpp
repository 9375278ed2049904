// SPDX-License-Identifier: MIT
#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

template <class... Layers>
constexpr auto schedule = Topology<Layers...>::schedule;

using H = Dense<4, Tanh>;
using Out = Dense<2, Linear>;

// Nothing delayed: every layer runs for the whole batch.
static_assert(schedule<Input<3>, H, Out> ==
              std::array{detail::Segment{1, 1, false}, detail::Segment{2, 2, false}});
// Elman: the hidden layer steps, then the output layer is one product.
static_assert(schedule<Input<3>, Dense<4, Tanh, Recurrent<>>, Out> ==
              std::array{detail::Segment{1, 1, true}, detail::Segment{2, 2, false}});
static_assert(schedule<Input<3>, Dense<4, Tanh, SelfRecurrent<>>, Out> ==
              std::array{detail::Segment{1, 1, true}, detail::Segment{2, 2, false}});
// Jordan: the output is part of the loop.
static_assert(schedule<Input<3>, Dense<4, Tanh, Delayed<2>>, Out> ==
              std::array{detail::Segment{1, 2, true}});
// A tap on an earlier layer is no loop: all for the whole sequence.
static_assert(schedule<Input<3>, Dense<4, Tanh, Delayed<0, 3>>, Dense<2, Tanh, Delayed<1>>> ==
              std::array{detail::Segment{1, 1, false}, detail::Segment{2, 2, false}});
// Two recurrent layers are two loops, the first done before the second begins.
static_assert(schedule<Input<3>, Dense<4, Tanh, Recurrent<>>, Lstm<3>, Gru<2>, Out> ==
              std::array{detail::Segment{1, 1, true}, detail::Segment{2, 2, true},
                         detail::Segment{3, 3, true}, detail::Segment{4, 4, false}});
// Loops that share a layer are one; layers before and after stay outside.
static_assert(
    schedule<Input<3>, H, Dense<4, Tanh, Delayed<3>>, Dense<4, Tanh, Delayed<4>>, H, Out, Out> ==
    std::array{detail::Segment{1, 1, false}, detail::Segment{2, 4, true},
               detail::Segment{5, 5, false}, detail::Segment{6, 6, false}});
static_assert(schedule<Input<3>, H, Dense<2, Tanh, Recurrent<2>>> ==
              std::array{detail::Segment{1, 1, false}, detail::Segment{2, 2, true}});

static_assert(Topology<Input<3>, Dense<4, Tanh, Recurrent<3>, Recurrent<>>, Out>::history(1) == 3);
static_assert(Topology<Input<3>, Dense<4, Tanh, Delayed<0, 2>>, Out>::history(0) == 2);
static_assert(!Topology<Input<3>, H, Out>::is_recurrent);

/// A connection from unit i of a layer to unit i.
template <int Layer, int Delay>
struct DiagonalFrom {
  static constexpr Connection connection{Layer, Delay, true};
};

}  // namespace

TEST_CASE("parameters lie as [W | U | b] of each layer, and views show them", "[network]") {
  Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, SelfRecurrent<2>>, Dense<1, Linear, NoBias>>
      net;
  REQUIRE(net.parameter_count() == 3 * (2 + 3 + 1 + 1) + 3);
  for (Index i = 0; i < net.parameter_count(); ++i) net.parameters()[i] = double(i);
  CHECK(net.weights<1>().rows() == 3);
  CHECK(net.weights<1>().cols() == 6);
  CHECK(net.weights<1, 0>()(2, 1) == 5);   // from input 1 to unit 2
  CHECK(net.weights<1, 1>()(0, 0) == 6);   // recurrent
  CHECK(net.weights<1, 2>().cols() == 1);  // the diagonal
  CHECK(net.weights<1, 2>()(1, 0) == 16);
  CHECK(net.bias<1>()[2] == 20);
  CHECK(net.weights<2>()(0, 1) == 22);
  CHECK(net.bias<2>().size() == 0);
  net.weights<1, 1>()(1, 2) = -5;
  CHECK(net.parameters()[13] == -5);
}

TEST_CASE("a cell's block is PyTorch's, gates in rows", "[network]") {
  const Rnn<float, Input<2>, Lstm<3>, Gru<4>> net;
  CHECK(net.weights<1, 0>().rows() == 12);
  CHECK(net.weights<1, 0>().cols() == 2);
  CHECK(net.weights<1, 1>().cols() == 3);
  CHECK(net.bias<1>().size() == 24);
  CHECK(net.weights<2, 1>().rows() == 12);
  CHECK(net.parameter_count() == 12 * (2 + 3 + 2) + 12 * (3 + 4 + 2));
}

TEST_CASE("networks of fixed and Dynamic sizes convert into each other", "[network]") {
  using Fixed = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<1, Sigmoid, From<0>>>;
  using Sized = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Sigmoid, From<0>>>;
  Random random(3);
  Fixed fixed(Input<2>{}, Dense<3, Tanh>(Tanh{.slope = 2}), Dense<1, Sigmoid, From<0>>{});
  fixed.initialize(Uniform{-1, 1}, random);
  const Sized sized(fixed);
  const Fixed back(sized);
  const Eigen::Vector2d x(0.3, -0.8);
  CHECK(back.parameters() == fixed.parameters());
  CHECK(back.architecture().layer<1>().activation().slope == 2);
  CHECK(sized(x)(0) == Approx(fixed(x)(0)).epsilon(1e-14));
  CHECK_THROWS_WITH(Fixed(Sized(2, 4, 1)), "layer: this type has 3 units, but 4 were asked for");
  const Mlp<float, Input<2>, Dense<3, Tanh>, Dense<1, Sigmoid, From<0>>> rounded(fixed);
  CHECK(rounded(x.cast<float>().eval())(0) == Approx(fixed(x)(0)).epsilon(1e-5));
}

TEST_CASE("copies of networks are independent", "[network]") {
  Mlp<double, Input<Dynamic>, Dense<Dynamic, Linear>> net(2, 2);
  auto copy = net;
  copy.parameters()[0] = 7;
  CHECK(net.parameters()[0] == 0);
}

TEST_CASE("large fixed networks keep their parameters on the heap, small ones inside",
          "[network]") {
  using Small = Mlp<float, Input<2>, Dense<3, Tanh>>;
  using Large = Mlp<float, Input<784>, Dense<128, Relu>>;
  CHECK(sizeof(Small) < 256);
  CHECK(sizeof(Large) < 256);
  CHECK(Large::inline_parameters == Dynamic);
  CHECK(Small::inline_parameters == 9);
}

TEST_CASE("outputs of a batch equal those of its samples to rounding", "[network]") {
  Random random(5);
  Mlp<double, Input<7>, Dense<19, Tanh>, Dense<5, Softmax>> net;
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(7, 11, 1);
  const Eigen::MatrixXd Y = net(X);
  for (Index s = 0; s < 11; ++s) {
    const Eigen::VectorXd x = X.col(s);
    CHECK(difference(net(x), Y.col(s)) < 1e-14);
  }
}

TEST_CASE("blocks of a larger matrix are inputs too", "[network]") {
  Random random(5);
  Mlp<double, Input<3>, Dense<4, Tanh>, Dense<2, Linear>> net;
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd big = numbers(6, 9, 2);
  const Eigen::MatrixXd part = big.block(2, 3, 3, 5);
  CHECK(difference(net(big.block(2, 3, 3, 5)), net(part)) < 1e-15);
  Mlp<double, Input<1>, Dense<2, Tanh>> narrow;
  narrow.initialize(Glorot{}, random);
  const Eigen::RowVectorXd row = numbers(1, 4, 3);
  const Eigen::MatrixXd same = row, second = big.row(1);
  CHECK(difference(narrow(row), narrow(same)) == 0);
  CHECK(difference(narrow(big.row(1)), narrow(second)) == 0);  // six numbers apart
  const Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>> every_second(big.data(), 3, 4,
                                                                                {12});
  const Eigen::MatrixXd copied = every_second;
  CHECK(difference(net(every_second), net(copied)) < 1e-15);
}

TEST_CASE("columns whose numbers do not stand side by side are refused, not misread", "[network]") {
  const Mlp<double, Input<2>, Dense<1, Linear>> net;
  const Eigen::MatrixXd big = numbers(4, 2, 4);
  CHECK_THROWS_WITH(net(big.row(1).transpose()),
                    "data: the numbers of a column stand 4 apart; copy the data into a matrix");
  using Strides = Eigen::Stride<Dynamic, Dynamic>;
  const Eigen::Map<const Eigen::MatrixXd, 0, Strides> every_second(big.data(), 2, 2, {4, 2});
  CHECK_THROWS_WITH(net(every_second),
                    "data: the numbers of a column stand 2 apart; copy the data into a matrix");
}

TEST_CASE("one workspace serves networks of different sizes in turn", "[network]") {
  using Sized = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
  Random random(5);
  Sized small(2, 3, 1), large(2, 300, 1);
  small.initialize(Glorot{}, random);
  large.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(2, 4, 5);
  Workspace workspace(small, 4);
  for (const Sized* net : {&small, &large, &small}) {
    CHECK(difference(run(*net, X, workspace), (*net)(X)) == 0);
  }
}

TEST_CASE("a workspace lies in the object while it is small, so that it can be a local variable") {
  using Net = Mlp<float, Input<8>, Dense<16, Tanh>, Dense<1, Linear>>;
  STATIC_REQUIRE(Workspace<Net, 1>::is_inline);
  STATIC_REQUIRE(sizeof(Workspace<Net, 1>) < 1024);  // one column needs no room for products
  STATIC_REQUIRE_FALSE(Workspace<Net, 4096>::is_inline);
  const Net net;
  CHECK(net(Eigen::Matrix<float, 8, 1>::Zero().eval()).size() == 1);
  CHECK(net(Eigen::Matrix<float, 8, Eigen::Dynamic>::Zero(8, 4096).eval()).cols() == 4096);
}

TEST_CASE("diagonal connections between layers of different sizes are refused", "[network]") {
  using Skip =
      Mlp<double, Input<Dynamic>, Dense<4, Tanh>, Dense<Dynamic, Tanh, DiagonalFrom<0, 0>>>;
  CHECK_NOTHROW(Skip(3, 4, 3));
  CHECK_THROWS_WITH(Skip(9, 4, 3),
                    "network: a diagonal connection joins unit i to unit i, but leads from layer 0 "
                    "with 9 units to layer 2 with 3");
  using Half = Mlp<double, Input<3>, Dense<4, Tanh>, Dense<Dynamic, Tanh, DiagonalFrom<0, 0>>>;
  CHECK_NOTHROW(Half(3, 4, 3));
  CHECK_THROWS_WITH(Half(3, 4, 4),
                    "network: a diagonal connection joins unit i to unit i, but leads from layer 0 "
                    "with 3 units to layer 2 with 4");
  using Back = Rnn<double, Input<2>, Dense<Dynamic, Tanh, DiagonalFrom<2, 2>>,
                   Dense<Dynamic, Linear, SelfRecurrent<>>>;
  CHECK_NOTHROW(Back(2, 3, 3));
  CHECK_THROWS_WITH(Back(2, 3, 1),
                    "network: a diagonal connection joins unit i to unit i, but leads from layer 2 "
                    "with 1 units to layer 1 with 3");
}
