// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>

#include "numbers.hpp"
#include "rtrl.hpp"

using namespace rtrl;

namespace {

/// A cell as a user writes one: z = sig(net_z), c^t = c^(t−1) + z·(net_a − c^(t−1)),
/// h^t = c^t·(1 + h^(t−1)/2).
template <Index Units>
struct Own : Extent<Units> {
  using Extent<Units>::Extent;
  static constexpr Index units_at_compile_time = Units;
  static constexpr std::array<Connection, 2> connections{Connection{}, Recurrent<>::connection};
  static constexpr int bias_columns = 1, net_gates = 2, weight_gates = 2;
  static constexpr bool has_memory = true;
  static constexpr PartList parts(int) { return {{{0, 0, 2}}, 1}; }

  template <class S>
  void forward(S* net, const S* h_before, const S* c_before, S* h, S* c, Index units,
               Index n) const {
    for (Index k = 0; k < units * n; ++k) {
      S* const gate = net + k / units * 2 * units + k % units;
      const S z = gate[0] = 1 / (1 + std::exp(-gate[0]));
      c[k] = c_before[k] + z * (gate[units] - c_before[k]);
      h[k] = c[k] * (1 + h_before[k] / 2);
    }
  }
  template <class S>
  void pull_back(S* net, const S* h_before, const S* c_before, const S*, const S* c, const S* d_h,
                 S* d_c, S* d_h_before, Index units, Index n) const {
    for (Index k = 0; k < units * n; ++k) {
      S* const gate = net + k / units * 2 * units + k % units;
      const S z = gate[0];
      const S d = d_c[k] + d_h[k] * (1 + h_before[k] / 2);
      gate[0] = d * (gate[units] - c_before[k]) * z * (1 - z);
      gate[units] = d * z;
      d_c[k] = d * (1 - z);
      d_h_before[k] += d_h[k] * c[k] / 2;
    }
  }
  template <class S>
  void gather_bias(const S* bias, S* net_bias, Index units) const {
    std::copy(bias, bias + 2 * units, net_bias);
  }
  template <class S>
  void scatter_bias(const S* d_net_bias, S* d_bias, Index units) const {
    std::copy(d_net_bias, d_net_bias + 2 * units, d_bias);
  }
};

using Net = Rnn<double, Input<2>, Own<3>, Dense<2, Tanh, From<0>>>;

}  // namespace

TEST_CASE("a cell of a user's own passes the list of checks") {
  const Report report = check_cell(Own<5>());
  INFO(report.failures());
  CHECK(report.ok());
}

TEST_CASE("a cell of a user's own is differentiated by BPTT and by RTRL", "[gradient]") {
  equals_bptt(Net());
  Net net;
  Random random(3);
  net.initialize(Glorot{}, random);
  net.bias<1>().setConstant(0.2);
  const Eigen::MatrixXd X = numbers(2, 18, 1), Z = numbers(2, 18, 2);
  CHECK(check_gradient(net, HalfSquaredError{}, Sequences(X, Z, 9)).largest_difference < 1e-7);
}
