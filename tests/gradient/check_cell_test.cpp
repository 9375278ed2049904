// SPDX-License-Identifier: MIT
#include "backfold/gradient/check_layer.hpp"

#include <string>

#include "own_cells.hpp"

// A cell that is right, with one thing wrong at a time.

using namespace own_cells;

namespace {

struct Right : Facts<Recurrent<>> {
  static constexpr int weight_gates = 1, net_gates = 2, bias_columns = 2;
  static constexpr bool has_memory = true;
  static constexpr PartList parts(int) { return {{{0, 0, 1}}, 1}; }
};
using Base = Own<Right, 3>;

struct NoBiasOfGate : Base {
  template <class S>
  void gather_bias(const S* b, S* net, Index units) const {
    for (Index i = 0; i < units; ++i) net[i] = b[i] + b[units + i];
  }
};
struct SumsIntoBias : Base {
  template <class S>
  void scatter_bias(const S* net, S* b, Index units) const {
    for (Index i = 0; i < units; ++i) b[i] += net[i], b[units + i] += net[units + i];
  }
};
struct ThirdBiasColumn : Base {
  template <class S>
  void gather_bias(const S* b, S* net, Index units) const {
    std::copy(b + units, b + 3 * units, net);
  }
};
struct ThirdBiasGradient : Base {
  template <class S>
  void scatter_bias(const S* net, S* b, Index units) const {
    Base::scatter_bias(net, b, units);
    b[2 * units] = net[0];
  }
};
struct BiasOfOne : Base {
  template <class S>
  void gather_bias(const S* b, S* net, Index units) const {
    Base::gather_bias(b, net, units);
    for (Index i = 0; i < units; ++i) net[i] += 1;
  }
};
struct SquaredBias : Base {
  template <class S>
  void gather_bias(const S* b, S* net, Index units) const {
    Base::gather_bias(b, net, units);
    net[0] += b[0] * b[0] - b[0];
  }
};
/// f is called after a right step.
template <class F>
struct AfterStep : Base {
  template <class S>
  void forward(S* net, const S* h_before, const S* c_before, S* h, S* c, Index units,
               Index n) const {
    Base::forward(net, h_before, c_before, h, c, units, n);
    F{}(net, h, c, units * n);
  }
};
struct LeavesOutput {
  template <class S>
  void operator()(S*, S* h, S*, Index size) const {
    h[size - 1] = std::numeric_limits<S>::quiet_NaN();
  }
};
struct WritesPast {
  template <class S>
  void operator()(S* net, S*, S*, Index size) const {
    net[2 * size] += 1;
  }
};
struct MixesSamples {
  template <class S>
  void operator()(S*, S* h, S*, Index size) const {
    h[0] += h[size - 1];
  }
};
struct FirstSampleOnly : Base {
  template <class S>
  void forward(S* net, const S* h_before, const S* c_before, S* h, S* c, Index units, Index) const {
    Base::forward(net, h_before, c_before, h, c, units, 1);
  }
};
struct NoMemoryGradient : Base {
  template <class S>
  void pull_back(S* net, const S* h_before, const S* c_before, const S* h, const S* c, const S* d_h,
                 S* d_c, S* d_h_before, Index units, Index n) const {
    const S kept = d_c[0];
    Base::pull_back(net, h_before, c_before, h, c, d_h, d_c, d_h_before, units, n);
    d_c[0] = kept;
  }
};
/// Feels its previous output, which only a connection from itself carries.
struct NoLoop : Facts<> {
  static constexpr int weight_gates = 2, net_gates = 2;
};
struct FeelsPrevious : Own<NoLoop, 3> {
  template <class S>
  void forward(S* net, const S* h_before, const S* c_before, S* h, S* c, Index units,
               Index n) const {
    Own<NoLoop, 3>::forward(net, h_before, c_before, h, c, units, n);
    for (Index k = 0; k < units * n; ++k) h[k] += h_before[k] / 2;
  }
};
struct GivesToPrevious : Own<NoLoop, 3> {
  template <class S>
  void pull_back(S* net, const S* h_before, const S* c_before, const S* h, const S* c, const S* d_h,
                 S* d_c, S* d_h_before, Index units, Index n) const {
    Own<NoLoop, 3>::pull_back(net, h_before, c_before, h, c, d_h, d_c, d_h_before, units, n);
    for (Index k = 0; k < units * n; ++k) d_h_before[k] += d_h[k] / 2;
  }
};
struct SaysIndependent : Normalised<3> {
  static constexpr bool units_are_independent = true;
};
struct IsIndependent : Base {
  static constexpr bool units_are_independent = true;
};

template <class C>
void fails(const std::string& expected) {
  const Report report = check_cell(C());
  INFO(report.failures());
  CHECK(report.failures().find(expected) != std::string::npos);
}

}  // namespace

TEST_CASE("the list of checks passes right cells and finds what is wrong with others",
          "[gradient]") {
  passes_checks(Base());
  passes_checks(IsIndependent());
  passes_checks(Normalised<1>());
  fails<NoBiasOfGate>("gather_bias leaves rows of net unset");
  fails<SumsIntoBias>("scatter_bias leaves biases unset");
  fails<ThirdBiasColumn>("reads past the last of 6 biases");
  fails<ThirdBiasGradient>("scatter_bias writes past the last of 6 biases");
  fails<BiasOfOne>("gather_bias is not linear");
  fails<SquaredBias>("gather_bias is not linear");
  fails<AfterStep<LeavesOutput>>("forward leaves outputs or memories unset");
  fails<FirstSampleOnly>("forward leaves outputs or memories unset");
  fails<AfterStep<WritesPast>>("the step writes past its last gate");
  fails<AfterStep<MixesSamples>>("is felt by another sample");
  fails<NoMemoryGradient>("pull_back to previous memory 0");
  fails<FeelsPrevious>("the previous output is felt, but the cell has no connection from itself");
  fails<GivesToPrevious>("the previous output is felt, but the cell has no connection from itself");
  fails<SaysIndependent>("is felt by another unit, but units_are_independent is true");
}

TEST_CASE("the list of checks takes cells that name other layers", "[gradient]") {
  passes_checks(Lstm<3, From<0>, Delayed<2, 3>>());
  passes_checks(Gru<Dynamic, Delayed<4>, NoBias>(2));
}
