// SPDX-License-Identifier: MIT
#include "backfold/layer/layer_norm.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "backfold/core/dual.hpp"
#include "catch.hpp"

using namespace backfold;

namespace {

/// Arrays of one column of a LayerNorm, with gains 1, 2, ... and shifts ½.
template <class S>
struct Column {
  explicit Column(std::size_t units) : net(units), own(2 * units, S(0.5)), output(units) {
    for (std::size_t i = 0; i < units; ++i) own[i] = static_cast<S>(double(i + 1));
  }
  void forward(double epsilon = 1e-5) {
    LayerStep<S> at{};
    at.net = net.data();
    at.output = output.data();
    at.own = own.data();
    at.units = static_cast<Index>(net.size());
    at.n = 1;
    LayerNorm<Dynamic>(at.units, epsilon).forward(at);
  }
  std::vector<S> net, own, output;
};

/// net ← ∂E/∂net
void pull_back(Column<float>& column, const std::vector<float>& d_output) {
  std::vector<float> d_own(column.own.size());
  LayerPullBack<float> at{};
  at.net = column.net.data();
  at.own = column.own.data();
  at.d_output = d_output.data();
  at.d_own = d_own.data();
  at.units = static_cast<Index>(column.net.size());
  at.n = 1;
  LayerNorm<Dynamic>(at.units).pull_back(at);
}

/// With ∂E/∂x = units, ..., 2, 1.
/// @param expected_output, expected_delta of torch.nn.functional.layer_norm in double
void check_layer_norm(const std::vector<float>& net, const std::vector<double>& expected_output,
                      const std::vector<double>& expected_delta) {
  const std::size_t n = net.size();
  Column<float> column(n);
  Column<detail::Dual<float>> dual(n);  // in the direction net/net_0
  std::vector<float> d_output(n);
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    column.net[i] = net[i];
    dual.net[i] = {net[i], net[i] / net[0]};
    d_output[i] = float(n - i);
    largest = (std::max)(largest, std::abs(expected_delta[i]));
  }
  column.forward();
  dual.forward();
  pull_back(column, d_output);
  double along = 0, sizes = 0, tangent = 0;
  for (std::size_t i = 0; i < n; ++i) {
    INFO(i);
    CHECK(column.output[i] == Approx(expected_output[i]).epsilon(2e-6));
    CHECK(dual.output[i].value == column.output[i]);
    CHECK(double(column.net[i]) / largest == Approx(expected_delta[i] / largest).margin(2e-6));
    const double part = double(column.net[i]) * double(net[i] / net[0]);
    along += part;
    sizes += std::abs(part);
    tangent += double(d_output[i]) * double(dual.output[i].tangent);
  }
  CHECK(std::abs(tangent - along) <= 1e-5 * sizes);
}

}  // namespace

TEST_CASE("LayerNorm in float is right for nets far from 0 and of any size") {
  check_layer_norm({12345.678f, 12345.678f, 12345.678f}, {0.5, 0.5, 0.5},
                   {-105.409255, 210.818511, -105.409255});
  check_layer_norm({12345.678f, 12345.679f, 12345.677f}, {0.5, 1.09888758, -0.398331373},
                   {-102.210147, 195.25546, -93.0453125});
  check_layer_norm({1e25f, 2e25f, -3e25f, 4e25f}, {0.5, 1.28446455, -4.20678726, 5.20678721},
                   {-3.92232278e-26, 4.82747423e-26, 3.01717119e-27, -1.20686857e-26});
  check_layer_norm({1.5e38f, 1.5e38f, -1.5e38f}, {1.20710678, 1.91421356, -3.74264069},
                   {-3.5355339e-39, 3.5355339e-39, 0});
  check_layer_norm({1e-25f, 2e-25f, 4e-25f}, {0.5, 0.5, 0.5},
                   {-105.409255, 210.818511, -105.409255});
}

TEST_CASE("LayerNorm of equal nets is its shift, in whatever digits they are") {
  for (const float value : {0.1f, -77.7f, 12345.678f, 1e10f, 1.6e38f}) {
    for (const std::size_t units : {1, 3, 7, 100}) {
      INFO(value << ", " << units << " units");
      Column<float> column(units);
      column.net.assign(units, value);
      column.forward();
      for (const float x : column.output) CHECK(x == 0.5f);
      column.forward(1e-50);  // 0 in float
      for (const float x : column.output) CHECK(x == 0.5f);
    }
  }
}
