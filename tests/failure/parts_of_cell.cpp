// SPDX-License-Identifier: MIT
// expect: backfold: each connection of a cell has one to eight parts
#include <backfold/backfold.hpp>
using namespace backfold;
struct Own : Extent<3> {
  static constexpr Index units_at_compile_time = 3;
  static constexpr std::array<Connection, 1> connections{Connection{}};
  static constexpr int weight_gates = 1, net_gates = 2, bias_columns = 0;
  static constexpr bool has_memory = false;
#ifdef MISUSE
  static constexpr PartList parts(int) {
    return {{{ 0, 0, 2 }}, 1};
  }
#else
  static constexpr PartList parts(int) { return {{{0, 0, 1}, {0, 1, 1}}, 2}; }
#endif
  template <class S>
  void forward(S* net, const S*, const S*, S* h, S*, Index units, Index n) const {
    for (Index i = 0; i < units * n; ++i) h[i] = net[i];
  }
};
Mlp<double, Input<2>, Own> net;
Eigen::MatrixXd y = net(Eigen::MatrixXd(2, 4));
