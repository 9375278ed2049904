// SPDX-License-Identifier: MIT
#include "backfold/optimizer/ranges.hpp"

#include <algorithm>

#include "backfold/optimizer/adam.hpp"
#include "backfold/optimizer/clip.hpp"
#include "backfold/optimizer/nesterov.hpp"
#include "backfold/optimizer/penalty.hpp"
#include "backfold/optimizer/scaled_rates.hpp"
#include "catch.hpp"

using namespace backfold;

namespace {

constexpr Index size = 100;

/// Ranges of one cache line each, from the last to the first; counts the passes.
struct Lines {
  int& passes;

  template <class Function>
  void for_each(Index n, const Function& f) const {
    all(n, [&](Index first, Index count) {
      f(first, count);
      return true;
    });
  }
  template <class Function>
  bool all(Index n, const Function& f) const {
    ++passes;
    constexpr Index line = 64 / sizeof(float);
    bool result = true;
    for (Index first = (n - 1) / line * line; first >= 0; first -= line) {
      result = f(first, (std::min)(line, n - first)) && result;
    }
    return result;
  }
};

template <class O, class Ranges>
Eigen::VectorXf after_steps(const O& optimizer, const Ranges& ranges) {
  Eigen::VectorXf w = Eigen::VectorXf::LinSpaced(size, -1, 2);
  auto state = start<float>(optimizer, size);
  for (int i = 0; i < 20; ++i) {
    const auto objective = [&](const float* at, float* g) {
      for (Index k = 0; k < size; ++k) g[k] = at[k] * at[k] * at[k] - 0.1f * float(k % 7);
      return 1.0;
    };
    detail::step_in_ranges(optimizer, w.data(), objective, state, ranges);
  }
  return w;
}

/// @return passes a step
template <class O>
int passes_in_ranges(const O& optimizer) {
  int passes = 0;
  CHECK(after_steps(optimizer, Lines{passes}) == after_steps(optimizer, OneRange{}));
  return passes / 20;
}

}  // namespace

TEST_CASE("wrapped optimizers share their passes and the inner ones in ranges, to the same bits") {
  const auto factors = Eigen::ArrayXd::LinSpaced(size, -0.5, 1.2).cwiseMax(0).eval();
  const int adam = passes_in_ranges(Adam{});
  CHECK(adam == 2);  // is the gradient finite, and the update
  CHECK(passes_in_ranges(ClipNorm{Adam{}, 0.1}) == adam + 2);
  CHECK(passes_in_ranges(ClipValue{Adam{}, 0.1}) == adam + 2);
  CHECK(passes_in_ranges(PenalizeL1{Adam{}, 0.01}) == adam + 2);
  CHECK(passes_in_ranges(PenalizeL2{Adam{}, 0.01, factors.matrix()}) == adam + 2);
  CHECK(passes_in_ranges(ScaledRates{Adam{}, factors}) == adam + 4);
  CHECK(passes_in_ranges(ScaledRates{ClipNorm{PenalizeL2{Nesterov{}, 0.1}, 1}, factors}) ==
        passes_in_ranges(Nesterov{}) + 2 + 2 + 4);
}
