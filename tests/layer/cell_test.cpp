// SPDX-License-Identifier: MIT
#include "backfold/layer/cell.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "backfold/gradient/check_layer.hpp"
#include "backfold/layer/gru.hpp"
#include "backfold/layer/lstm.hpp"
#include "catch.hpp"

namespace bf = backfold;

namespace {

/// An LSTM that gets one thing wrong.
enum class Fault { Sign, Overwrites, Bias };
template <Fault fault>
struct Broken : bf::Lstm<3> {
  template <class S>
  void pull_back(S* net, const S* previous, const S* memory_previous, const S* output,
                 const S* memory, const S* d_output, S* d_memory, S* d_previous, bf::Index units,
                 bf::Index n) const {
    bf::Lstm<3>::pull_back(net, previous, memory_previous, output, memory, d_output, d_memory,
                           d_previous, units, n);
    if (fault == Fault::Sign) net[2] = -net[2];
    if (fault == Fault::Overwrites) d_previous[0] = 0;
  }
  template <class S>
  void scatter_bias(const S* d_net_bias, S* d_bias, bf::Index units) const {
    bf::Lstm<3>::scatter_bias(d_net_bias, d_bias, units);
    if (fault == Fault::Bias) d_bias[14] = 0;
  }
};

template <class C>
void passes(const C& cell) {
  const bf::Report report = bf::check_cell(cell);
  INFO(report.failures());
  CHECK(report.ok());
}

}  // namespace

TEST_CASE("LSTM and GRU pass the list of checks") {
  passes(bf::Lstm<5>());
  passes(bf::Lstm<bf::Dynamic, bf::NoBias>(17));
  passes(bf::Gru<5>());
}

namespace {

/// A unit of a GRU that goes from h to z·h + (1 − z)·n; the largest relative difference of what
/// comes out, and of what comes back to n and h, from long double.
template <class S>
double gru_difference(S net_z, S h, S net_n) {
  const long double z = 1 / (1 + std::exp(-(long double)(net_z)));
  const long double rest = 1 / (1 + std::exp((long double)(net_z)));
  const long double n = std::tanh((long double)(net_n));
  S net[4] = {0, net_z, net_n, 0};
  S output = 0, d_output = 1, d_previous = 0;
  S* const none = nullptr;
  const bf::Gru<1> gru;
  gru.forward(net, &h, none, &output, none, 1, 1);
  gru.pull_back(net, &h, none, &output, none, &d_output, none, &d_previous, 1, 1);
  auto difference = [](S number, long double expected, long double size) {
    return size == 0 ? double(number != 0) : double(std::abs(number - expected) / size);
  };
  const long double slope_n = rest * (1 - n * n);
  const long double slope_z = (h - n) * z * rest;
  return std::max(
      {difference(output, z * h + rest * n, std::abs(z * h) + std::abs(rest * n)),
       difference(net[1], slope_z, (std::abs((long double)(h)) + std::abs(n)) * z * rest),
       difference(net[2], slope_n, slope_n), difference(d_previous, z, z)});
}

template <class S>
void gru_loses_nothing(S saturated) {
  const double bound = 16 * double(std::numeric_limits<S>::epsilon());
  for (const S net_z : {-saturated, S(-20), S(-3), S(0), S(0.5), S(3), S(20), saturated}) {
    for (const S h : {S(0), S(1e-20), S(0.7), S(-1), S(1e10)}) {
      for (const S net_n : {S(0), S(1e-15), S(-0.5), S(2)}) {
        CAPTURE(net_z, h, net_n);
        CHECK(gru_difference(net_z, h, net_n) <= bound);
      }
    }
  }
}

}  // namespace

TEST_CASE("a GRU loses neither its state nor the candidate where its gate is near 0 or 1") {
  gru_loses_nothing<float>(40);
  gru_loses_nothing<double>(300);
}

TEST_CASE("the list of checks finds wrong pull-backs and biases") {
  CHECK_FALSE(bf::check_cell(Broken<Fault::Sign>()).ok());
  CHECK_FALSE(bf::check_cell(Broken<Fault::Overwrites>()).ok());
  CHECK_FALSE(bf::check_cell(Broken<Fault::Bias>()).ok());
}
