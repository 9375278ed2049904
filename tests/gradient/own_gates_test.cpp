// SPDX-License-Identifier: MIT
#include "own_cells.hpp"

// Gates of a user's cell that connections reach in any way, or not at all.

using namespace own_cells;

namespace {

/// Two gates that only biases reach, before and after the one with weights.
struct BiasAlone : Facts<Recurrent<>> {
  static constexpr int weight_gates = 1, net_gates = 3, bias_columns = 3;
  static constexpr PartList parts(int) { return {{{0, 1, 1}}, 1}; }
};
/// Gates that nothing reaches: no weights lead to them, and there are no biases.
struct Nothing : BiasAlone {
  static constexpr int bias_columns = 0;
};
/// The layer before reaches gate 0, the cell itself gates 0 and 1.
struct Wider : Facts<Recurrent<>> {
  static constexpr PartList parts(int c) { return {{{0, 0, c == 0 ? 1 : 2}}, 1}; }
};
/// Both reach gates that overlap, in time and at once, and leave gate 4 to the bias.
struct Overlapping : Facts<Recurrent<2>, Recurrent<>, From<0>> {
  static constexpr int weight_gates = 3, net_gates = 5;
  static constexpr PartList parts(int c) {
    if (c == 0) return {{{0, 2, 2}}, 1};
    if (c == 1) return {{{0, 0, 3}}, 1};
    if (c == 2) return {{{2, 3, 1}, {1, 0, 1}, {0, 1, 1}}, 3};
    return {{{0, 1, 3}}, 1};
  }
};
/// Two rows of weights lead to one gate, one row to two gates, one nowhere.
struct Shared : Facts<Recurrent<>> {
  static constexpr int weight_gates = 3, net_gates = 3, bias_columns = 1;
  static constexpr PartList parts(int c) {
    if (c == 0) return {{{0, 0, 1}, {1, 0, 1}}, 2};
    return {{{0, 0, 2}, {0, 1, 2}}, 2};
  }
};
/// Weights from each unit to its own gates, as peepholes have.
struct Peepholes : Facts<SelfRecurrent<>, DiagonalFrom<Connection::previous>> {
  static constexpr int weight_gates = 3, net_gates = 3;
  static constexpr PartList parts(int c) {
    if (c == 0) return {{{0, 0, 3}}, 1};
    if (c == 1) return {{{0, 1, 2}}, 1};
    return {{{1, 0, 2}, {0, 0, 1}, {0, 2, 1}}, 3};
  }
};

/// So many bias columns, with fewer or more gates than weights lead to.
template <int Columns, int Gates, bool Memory>
struct Biases : Facts<Recurrent<>, SelfRecurrent<2>> {
  static constexpr int weight_gates = 2, net_gates = Gates, bias_columns = Columns;
  static constexpr bool has_memory = Memory;
  static constexpr PartList parts(int) { return {{{1, 0, 1}}, 1}; }
};

/// A layer of biases alone.
template <Index Units>
struct Constant : Extent<Units> {
  using Extent<Units>::Extent;
  using ActivationType = Tanh;
  static constexpr Index units_at_compile_time = Units;
  static constexpr std::array<Connection, 0> connections{};
  static constexpr int bias_columns = 1;
  constexpr Tanh activation() const { return {}; }
};

template <class F>
void is_right_everywhere() {
  passes_checks(Own<F, 3>());
  passes_checks(Own<F, Dynamic>(5));
  is_right(Rnn<double, Input<3>, Dense<3, Tanh>, Own<F, 3>, Dense<2, Linear>>());
  is_right(Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Delayed<2>>, Own<F, Dynamic>>(3, 5, 5));
}

}  // namespace

TEST_CASE("gates that only biases reach start from their biases", "[gradient]") {
  is_right_everywhere<BiasAlone>();
}
TEST_CASE("gates that nothing reaches are 0", "[gradient]") { is_right_everywhere<Nothing>(); }
TEST_CASE("connections onto gates that overlap add up", "[gradient]") {
  is_right_everywhere<Wider>();
  is_right_everywhere<Overlapping>();
}
TEST_CASE("rows of weights may lead to several gates, to the same, and to none", "[gradient]") {
  is_right_everywhere<Shared>();
}
TEST_CASE("diagonal connections lead to any gates of a cell", "[gradient]") {
  is_right_everywhere<Peepholes>();
}
TEST_CASE("cells have any number of bias columns, in RTRL too", "[gradient]") {
  auto check = [](const auto& cell) {
    using C = std::remove_cvref_t<decltype(cell)>;
    passes_checks(cell);
    rtrl::equals_bptt(Rnn<double, Input<1>, C, Dense<1, Linear>>(Input<1>{}, cell, {}));
  };
  check(Own<Biases<1, 4, false>, 1>());
  check(Own<Biases<3, 1, true>, 2>());
  check(Own<Biases<8, 1, false>, 1>());
  check(Own<Biases<17, 2, true>, Dynamic>(3));
  check(Own<Biases<17, 1, false>, 1>());
}
TEST_CASE("a layer without connections is its biases", "[gradient]") {
  is_right(Mlp<double, Input<2>, Constant<3>, Dense<2, Tanh, From<0>>>());
  is_right(Rnn<double, Input<2>, Dense<2, Tanh, Delayed<2>>, Constant<3>, Dense<2, Tanh>>());
}
