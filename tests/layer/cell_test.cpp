// SPDX-License-Identifier: MIT
#include "backfold/layer/cell.hpp"

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

TEST_CASE("the list of checks finds wrong pull-backs and biases") {
  CHECK_FALSE(bf::check_cell(Broken<Fault::Sign>()).ok());
  CHECK_FALSE(bf::check_cell(Broken<Fault::Overwrites>()).ok());
  CHECK_FALSE(bf::check_cell(Broken<Fault::Bias>()).ok());
}
