// SPDX-License-Identifier: MIT
// expect: backfold: an Mlp has no delayed connections, and no cells with a memory
#include <backfold/backfold.hpp>
using namespace backfold;
struct Own : Extent<3> {
  static constexpr Index units_at_compile_time = 3;
  static constexpr std::array<Connection, 1> connections{Connection{}};
  static constexpr int weight_gates = 1, net_gates = 2, bias_columns = 0;
#ifdef MISUSE
  static constexpr bool has_memory = true;
#else
  static constexpr bool has_memory = false;
#endif
  static constexpr PartList parts(int) { return {{{0, 0, 1}}, 1}; }
  template <class S>
  void forward(S* net, const S*, const S*, S* h, S*, Index units, Index n) const {
    for (Index i = 0; i < units * n; ++i) h[i] = net[i];
  }
};
Mlp<double, Input<2>, Own> net;
Eigen::MatrixXd y = net(Eigen::MatrixXd(2, 4));
