// SPDX-License-Identifier: MIT
#include "backfold/training/hook/schedule.hpp"

#include <string>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "numbers.hpp"
#include "reference/reference.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Line = Mlp<double, Input<2>, Dense<1, Linear>>;

const Eigen::MatrixXd X = numbers(2, 10, 1), Z = numbers(1, 10, 2);
constexpr double first_rate = 0.2;
constexpr Index per_epoch = 5;  // steps

/// Writes down the rate of each step.
struct Recorder : Sgd {
  std::vector<double>* rates = nullptr;

  template <class S, Index N, class Objective>
  double step(S* w, Objective&& objective, State<S, N>& state) const {
    rates->push_back(learning_rate);
    return Sgd::step(w, objective, state);
  }
};

constexpr auto unwrapped = [](const Recorder& optimizer) { return optimizer; };

/// The rate of each step by which the optimizer moves that `wrap` makes of a Recorder.
template <class Hook, class Wrap = decltype(unwrapped)>
std::vector<double> step_rates(Hook&& hook, Index epochs = 12, const Wrap& wrap = unwrapped,
                               double final_rate = 1) {
  Line net;
  std::vector<double> rates;
  Recorder optimizer;
  optimizer.learning_rate = first_rate;
  optimizer.rates = &rates;
  fit(net, HalfSquaredError{}, wrap(optimizer), Samples(X, Z),
      {.epochs = epochs, .batch_size = 2, .final_rate = final_rate}, hook);
  return rates;
}

/// The rate of each epoch, which all its steps must have.
template <class Hook>
Eigen::VectorXd epoch_rates(Hook&& hook, Index epochs = 12) {
  const std::vector<double> rates = step_rates(hook, epochs);
  REQUIRE(rates.size() == static_cast<std::size_t>(epochs * per_epoch));
  Eigen::VectorXd result(epochs);
  for (Index e = 0; e < epochs; ++e) {
    for (Index i = 0; i < per_epoch; ++i) {
      CHECK(rates[static_cast<std::size_t>(e * per_epoch + i)] ==
            rates[static_cast<std::size_t>(e * per_epoch)]);
    }
    result[e] = rates[static_cast<std::size_t>(e * per_epoch)];
  }
  return result;
}

Eigen::VectorXd vector(const std::vector<double>& numbers) {
  return Eigen::Map<const Eigen::VectorXd>(numbers.data(), static_cast<Index>(numbers.size()));
}

bool agree(const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
  // PyTorch multiplies rate by rate, so that roundings of some tens of steps add up.
  return a.size() == b.size() && (a - b).cwiseAbs().maxCoeff() < 1e-14;
}

}  // namespace

TEST_CASE("schedules give the rates of torch.optim.lr_scheduler") {
  const Reference reference("schedules");
  CHECK(agree(epoch_rates(StepDecay{.every = 3, .decay = 0.4}), reference["step"]));
  CHECK(agree(epoch_rates(ExponentialDecay{.decay = 0.8}), reference["exponential"]));
  CHECK(agree(epoch_rates(CosineDecay{.final_factor = 0.1}), reference["cosine"]));
  CHECK(agree(epoch_rates(LinearDecay{.final_factor = 0.25}), reference["linear"]));
  CHECK(agree(vector(step_rates(OneCycle{})), reference["one_cycle"]));
  const Eigen::VectorXd warm = vector(step_rates(WarmUp{CosineDecay{}, 2, 0.1}));
  CHECK(agree(warm.head(2 * per_epoch), reference["warm_up"]));
  for (Index e = 2; e < 12; ++e) {
    CHECK(warm.segment(e * per_epoch, per_epoch).minCoeff() ==
          warm.segment(e * per_epoch, per_epoch).maxCoeff());
    CHECK(warm[e * per_epoch] == Approx(reference["after_warm_up"](e - 2, 0)).epsilon(1e-13));
  }
}

TEST_CASE("schedules of one step or epoch, or of few, have PyTorch's rates") {
  const Reference reference("schedules");
  for (int steps = 1; steps <= 5; ++steps) {
    for (const char* const rise : {"0.0", "0.3", "0.6"}) {
      const std::string key = "one_cycle_" + std::to_string(steps) + "_" + rise;
      INFO(key);
      const OneCycle schedule{.rise = std::stod(rise)};
      Eigen::VectorXd rates(steps);
      for (int u = 0; u < steps; ++u) {
        rates[u] = first_rate * schedule.factor({0, 1, double(u), double(steps)});
      }
      CHECK(agree(rates, reference[key]));
    }
  }
  CHECK(agree(epoch_rates(CosineDecay{}, 1), reference["cosine_1"]));
  CHECK(agree(epoch_rates(CosineDecay{}, 2), reference["cosine_2"]));
  CHECK(agree(epoch_rates(LinearDecay{.final_factor = 0.25}, 2), reference["linear_2"]));
}

TEST_CASE("schedules are defined where PyTorch divides by 0") {
  CHECK(OneCycle{.rise = 1}.factor({0, 1, 0, 1}) == 1);
  CHECK(OneCycle{.rise = 0.5}.factor({0, 1, 0, 2}) == 1);
  CHECK(OneCycle{.rise = 0.5}.factor({0, 1, 1, 2}) == 1 / 25e4);
  CHECK(OneCycle{.rise = 1}.factor({1, 1, 3, 3}) == 1 / 25e4);  // trained on
  CHECK(agree(epoch_rates(LinearDecay{.final_factor = 0.25}, 1),
              Eigen::VectorXd::Constant(1, first_rate)));
  CHECK(epoch_rates(StepDecay{.every = 1}, 0).size() == 0);
  CHECK(epoch_rates(CosineDecay{}, 0).size() == 0);
  CHECK(epoch_rates(LinearDecay{}, 0).size() == 0);
  CHECK(step_rates(OneCycle{}, 0).empty());
  CHECK(step_rates(WarmUp{CosineDecay{}, 2}, 0).empty());
}

namespace {

/// Tells later hooks losses of its own.
struct Losses : HeldOutLoss {
  Eigen::VectorXd of_epochs;
  template <class T>
  void begin(T&) {
    is_running_ = true;
  }
  template <class T>
  void after_epoch(T&, EpochReport& report) {
    losses_.push_back(of_epochs[report.epoch - 1]);
    epoch_ = report.epoch;
  }
};

/// Writes down the rate of the optimizer before each epoch.
struct Rates {
  std::vector<double> all;
  template <class T>
  void begin(T& training) {
    all.push_back(innermost(training.optimizer()).learning_rate);
  }
  template <class T>
  void after_epoch(T& training, const EpochReport&) {
    all.push_back(innermost(training.optimizer()).learning_rate);
  }
};

}  // namespace

TEST_CASE("ReduceOnPlateau lowers the rate where PyTorch's does") {
  const Reference reference("schedules");
  Losses losses;
  losses.of_epochs = reference["plateau_losses"];
  Rates rates;
  Line net;
  fit(net, HalfSquaredError{}, Sgd{.learning_rate = first_rate}, Samples(X, Z), {.epochs = 12},
      losses,
      ReduceOnPlateau({.decay = 0.5, .patience = 1, .cooldown = 1, .smallest_rate = 0.03}, losses),
      rates);
  CHECK(agree(vector(rates.all).head(12), reference["plateau"]));
}

TEST_CASE("schedules set the rate of the optimizer within all wrappers") {
  const auto twice = [](const Recorder& optimizer) {
    return PenalizeL2{ClipNorm{optimizer, 1.0}, 1e-4};
  };
  const auto others = [](const Recorder& optimizer) {
    return ScaledRates{ClipValue{optimizer, 1.0}, Eigen::Vector3d(1, 1, 0.5)};
  };
  CHECK(step_rates(CosineDecay{}, 12, twice) == step_rates(CosineDecay{}));
  CHECK(step_rates(OneCycle{}, 12, twice) == step_rates(OneCycle{}));
  CHECK(step_rates(OneCycle{}, 12, others) == step_rates(OneCycle{}));
  CHECK(step_rates(ConstantRate{}, 2) != step_rates(CosineDecay{}, 2));

  const auto nothing = [](const EpochReport&) {};
  CHECK(step_rates(nothing, 12, twice, 0.25) == step_rates(LinearDecay{0.25}));

  const ReduceOnPlateau plateau({.decay = 0.5, .patience = 0, .minimum_gain = 0.9});
  const std::vector<double> lowered = step_rates(ReduceOnPlateau(plateau), 4, others);
  CHECK(lowered.front() == first_rate);
  CHECK(lowered.back() == first_rate / 4);
}

TEST_CASE("LinearDecay does as final_rate, over one run or several") {
  for (const Index epochs : {1, 2, 7}) {
    Line by_option, by_hook, in_runs;
    const Samples data(X, Z);
    fit(by_option, HalfSquaredError{}, Adam{}, data, {.epochs = epochs, .final_rate = 0.1});
    fit(by_hook, HalfSquaredError{}, Adam{}, data, {.epochs = epochs}, LinearDecay{0.1});
    Training training(in_runs, HalfSquaredError{}, Adam{}, data, {.epochs = epochs});
    for (Index e = 0; e < epochs; ++e) training.run(1, LinearDecay{0.1});
    CHECK((by_option.parameters() - by_hook.parameters()).cwiseAbs().maxCoeff() < 1e-15);
    CHECK(by_hook.parameters() == in_runs.parameters());
  }
}

TEST_CASE("a schedule of one's own sees the epoch or the time") {
  CHECK(agree(epoch_rates(Schedule{[](Index epoch) { return 1.0 / double(1 + epoch); }}, 3),
              Eigen::Vector3d(0.2, 0.1, 0.2 / 3)));
  CHECK(
      agree(epoch_rates(
                Schedule{[](const ScheduleTime& time) { return 1 - time.epoch / time.epochs; }}, 4),
            Eigen::Vector4d(0.2, 0.15, 0.1, 0.05)));
}

TEST_CASE("a rise without a schedule after it ends at the first rate") {
  const Eigen::VectorXd rates = vector(step_rates(WarmUp{ConstantRate{}, 0.5}, 1));
  Eigen::VectorXd expected(5);
  expected << 0, 0.08, 0.16, 0.2, 0.2;
  CHECK(agree(rates, expected));
}

TEST_CASE("a training of no epochs takes every schedule and keeps the parameters and the rate") {
  Line net;
  net.parameters().setConstant(0.5);
  const Line before = net;
  const Samples data(X, Z);
  const auto passes = [&](const auto& schedule) {
    Trainer training(net, HalfSquaredError{}, Sgd{0.2}, data, {.epochs = 0});
    CHECK(training.run(0, schedule).losses.empty());
    CHECK(training.optimizer().learning_rate == 0.2);
    CHECK(net.parameters() == before.parameters());
  };
  passes(StepDecay{});
  passes(ExponentialDecay{});
  passes(CosineDecay{});
  passes(LinearDecay{});
  passes(OneCycle{});
  passes(WarmUp{CosineDecay{}, 5});
  passes(Schedule{[](const ScheduleTime& time) { return 1 - time.epoch / time.epochs; }});
}

TEST_CASE("schedules that cannot do are refused") {
  Line net;
  const Samples data(X, Z);
  auto with = [&](const auto& hook, const FitOptions& options = {}) {
    return said([&] { fit(net, HalfSquaredError{}, Sgd{}, data, options, hook); });
  };
  CHECK(with(StepDecay{.every = 0}) == "StepDecay: every must be >= 1, got 0");
  CHECK(with(CosineDecay{.final_factor = 2}) ==
        "CosineDecay: final_factor must lie between 0 and 1, got 2");
  CHECK(with(WarmUp{CosineDecay{}, 0}) == "WarmUp: epochs must be positive and finite, got 0");
  CHECK(with(Schedule{[](Index) { return -1.0; }}) ==
        "schedule: a factor must be finite and >= 0, got -1");
  CHECK(with(CosineDecay{}, {.epochs = 2, .final_rate = 0.5}) ==
        "schedule: final_rate sets the learning rate too, expected 1, got 0.5");
}
