// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "backfold/optimizer/adam.hpp"
#include "backfold/optimizer/adam_w.hpp"
#include "backfold/optimizer/clip.hpp"
#include "backfold/optimizer/momentum.hpp"
#include "backfold/optimizer/nesterov.hpp"
#include "backfold/optimizer/penalty.hpp"
#include "backfold/optimizer/rms_prop.hpp"
#include "backfold/optimizer/rprop.hpp"
#include "backfold/optimizer/scaled_rates.hpp"
#include "backfold/optimizer/sgd.hpp"
#include "catch.hpp"

using namespace backfold;

namespace {

constexpr Index n = 11;  // no multiple of a register's lanes

template <class S>
double rippled(const S* w, S* gradient) {
  double error = 0;
  for (Index i = 0; i < n; ++i) {
    const double away = double(w[i]) - 0.3 * double(i);
    gradient[i] = static_cast<S>(away * away * away + std::sin(3 * double(w[i])));
    error += away * away * away * away / 4 - std::cos(3 * double(w[i])) / 3;
  }
  return error;
}

/// All that a state shows, by name, as bytes.
struct Saved {
  std::vector<std::string> names;
  std::vector<std::vector<unsigned char>> values;

  template <class State>
  static Saved of(State& state) {
    Saved saved;
    state.for_each_value([&](const char* name, auto* numbers, Index count) {
      const auto* const bytes = reinterpret_cast<const unsigned char*>(numbers);
      saved.names.emplace_back(name);
      saved.values.emplace_back(bytes, bytes + static_cast<std::size_t>(count) * sizeof(*numbers));
    });
    return saved;
  }
  template <class State>
  void restore(State& state) const {
    std::size_t i = 0;
    state.for_each_value([&](const char* name, auto* numbers, Index count) {
      REQUIRE(i < names.size());
      CHECK(names[i] == name);
      REQUIRE(values[i].size() == static_cast<std::size_t>(count) * sizeof(*numbers));
      std::memcpy(numbers, values[i].data(), values[i].size());
      ++i;
    });
    CHECK(i == names.size());
  }
};

template <class S>
using W = Eigen::Matrix<S, n, 1>;

template <class S, class O, class State>
void run(const O& optimizer, W<S>& w, State& state, int steps) {
  for (int i = 0; i < steps; ++i) optimizer.step(w.data(), rippled<S>, state);
}

/// Twenty steps at once, and ten and ten with a new state between: E and w have the same bits.
template <class S, Index N, class O>
void goes_on(const O& optimizer, bool remembers) {
  const W<S> first = W<S>::LinSpaced(-2, 2);
  W<S> whole = first;
  auto at_once = start<S, N>(optimizer, n);
  run<S>(optimizer, whole, at_once, 20);

  W<S> w = first;
  Saved saved;
  {
    auto state = start<S, N>(optimizer, n);
    run<S>(optimizer, w, state, 10);
    saved = Saved::of(state);
  }
  W<S> forgotten = w;
  auto state = start<S, N>(optimizer, n);
  saved.restore(state);
  run<S>(optimizer, w, state, 10);
  CHECK(w == whole);
  CHECK(Saved::of(state).values == Saved::of(at_once).values);

  // Where nothing is restored the path is another one, unless there is nothing to remember.
  auto anew = start<S, N>(optimizer, n);
  run<S>(optimizer, forgotten, anew, 10);
  CHECK((forgotten != whole) == remembers);
  CHECK(saved.names.empty() == !remembers);
}

template <class S, class O>
std::vector<std::string> names_of(const O& optimizer) {
  auto state = start<S>(optimizer, n);
  return Saved::of(state).names;
}

template <class S, class O>
void goes_on_wrapped(const O& optimizer, bool remembers = true) {
  Eigen::VectorXd share = Eigen::VectorXd::Ones(n), rates = Eigen::VectorXd::LinSpaced(n, 0.1, 1.2);
  share.head(3).setZero();
  rates.tail(2).setZero();
  goes_on<S, Dynamic>(optimizer, remembers);
  goes_on<S, n>(optimizer, remembers);
  goes_on<S, Dynamic>(ClipNorm{optimizer, 2.0}, remembers);
  goes_on<S, Dynamic>(ClipValue{optimizer, 0.7}, remembers);
  goes_on<S, Dynamic>(PenalizeL2{optimizer, 0.05, share}, remembers);
  goes_on<S, Dynamic>(PenalizeL1{optimizer, 0.05, share}, remembers);
  goes_on<S, Dynamic>(ScaledRates{optimizer, rates}, remembers);
  goes_on<S, Dynamic>(PenalizeL1{ScaledRates{ClipNorm{optimizer, 2.0}, rates}, 0.05, share},
                      remembers);
  // So that a checkpoint of the one can be read by the other.
  CHECK(names_of<S>(ScaledRates{PenalizeL2{ClipNorm{optimizer, 2.0}, 0.05}, rates}) ==
        names_of<S>(optimizer));
}

}  // namespace

TEMPLATE_TEST_CASE("an optimizer goes on from a saved state as if it had never stopped", "", float,
                   double) {
  using S = TestType;
  goes_on_wrapped<S>(Sgd{.learning_rate = 0.02}, false);
  goes_on_wrapped<S>(Momentum{.learning_rate = 0.01, .momentum = 0.9});
  goes_on_wrapped<S>(Nesterov{.learning_rate = 0.01, .momentum = 0.9});
  goes_on_wrapped<S>(RmsProp{.learning_rate = 0.02});
}

TEMPLATE_TEST_CASE("Adam, AdamW and Rprop go on from a saved state, wrapped or not", "", float,
                   double) {
  using S = TestType;
  goes_on_wrapped<S>(Adam{.learning_rate = 0.02});
  goes_on_wrapped<S>(AdamW{.learning_rate = 0.02, .weight_decay = 0.1});
  goes_on_wrapped<S>(Rprop{});
}
