// SPDX-License-Identifier: MIT
#include "task.hpp"

#include <cstdio>
#include <filesystem>

#if defined(BACKFOLD_BENCHMARKS_ZLIB)
#include "backfold/data/idx.hpp"
#endif

using Eigen::Index;

double Task::multiply_adds() const {
  double sum = 0;
  for (std::size_t l = 1; l < units.size(); ++l) {
    const bool last = l + 1 == units.size();
    const double own = is_recurrent() && !last ? double(units[l]) * double(units[l]) : 0;
    const double chain = double(units[l]) * double(units[l - 1]);
    sum += double(last ? 1 : gates()) * (3 * own + (l == 1 ? 2 : 3) * chain);
  }
  return sum * double(sequences() * steps);
}

const Pictures& pictures() {
  static const Pictures all = [] {
    Pictures read;
#if defined(BACKFOLD_BENCHMARKS_ZLIB)
    using namespace backfold;
    const std::string folder = "/usr/share/datasets/fashion-mnist/";
    if (!std::filesystem::exists(folder)) return read;
    read.X = scaled_columns<float>(read_idx(folder + "train-images-idx3-ubyte.gz"));
    read.Z = one_hot<float>(read_idx(folder + "train-labels-idx1-ubyte.gz").bytes, 10);
#endif
    return read;
  }();
  return all;
}

namespace {

Task made(Task task) {
  using namespace backfold;
  const Index inputs = task.units.front();
  const Index outputs = task.units.back();
  const Index n = task.sequences() * task.steps;
  Random random(1);
  task.X.resize(inputs, n);
  for (double& x : task.X.reshaped()) x = uniform(random, -1, 1);
  task.Z.resize(outputs, n);
  for (double& z : task.Z.reshaped()) z = uniform(random, -1, 1);
  if (task.output == Output::SigmoidSquared) {
    task.Z = (task.Z.array() > 0).cast<double>();
  } else if (task.output == Output::SoftmaxCategorical) {
    task.Z.setZero();
    for (Index s = 0; s < n; ++s) task.Z(Index(below(random, std::uint64_t(outputs))), s) = 1;
  }
  // The numbers of real pictures make dead units, and those denormal moments.
  if (inputs == 784 && pictures().X.cols() >= n) {
    task.X = pictures().X.leftCols(n).cast<double>();
    task.Z = pictures().Z.leftCols(n).cast<double>();
  }
  // Uniform as Glorot's, biases zero.
  std::vector<double> w;
  for (std::size_t l = 1; l < task.units.size(); ++l) {
    const bool last = l + 1 == task.units.size();
    const Index gates = last ? 1 : task.gates();
    const Index fan_in = task.units[l - 1] + (task.is_recurrent() && !last ? task.units[l] : 0);
    const double bound = std::sqrt(6.0 / double(fan_in + task.units[l]));
    for (Index i = 0; i < gates * task.units[l] * fan_in; ++i) {
      w.push_back(uniform(random, -bound, bound));
    }
    w.insert(w.end(), std::size_t((gates > 1 ? 2 : 1) * gates * task.units[l]), 0.0);
  }
  task.weights = Eigen::Map<Eigen::VectorXd>(w.data(), Index(w.size()));
  return task;
}

/// By task, and by task and library for those with a reference of their own.
std::map<std::string, MakeEpoch>& references() {
  static std::map<std::string, MakeEpoch> map;
  return map;
}

/// Whether the losses of the first two epochs are the reference's, the second less exactly: where
/// gradients are tiny, Adam makes much of a rounding.
bool same_losses(const Task& t, const std::string& who, const Epoch& epoch) {
  static std::map<std::string, std::pair<double, double>> expected;
  const std::string own = t.name + "/" + who;
  const std::string& key = references().count(own) ? own : t.name;
  if (!expected.count(key)) {
    const Epoch reference = references()[key](t);
    const double first = reference();
    expected[key] = {first, reference()};
  }
  const auto [first, second] = expected[key];
  const double a = epoch();
  const double b = epoch();
  const bool same = std::abs(a - first) < 1e-3 * std::abs(first) &&
                    std::abs(b - second) < 4e-3 * std::abs(second);
  if (!same) {
    std::fprintf(stderr, "%s: losses %.6f, %.6f; expected %.6f, %.6f\n", own.c_str(), a, b, first,
                 second);
  }
  return same;
}

}  // namespace

const std::vector<Task>& tasks() {
  static const std::vector<Task> all = [] {
    std::vector<Task> list;
    list.push_back(made({.name = "online/2-8-1",
                         .units = {2, 8, 1},
                         .hidden = Hidden::Tanh,
                         .output = Output::SigmoidSquared,
                         .rule = Rule::Momentum,
                         .learning_rate = 0.01,
                         .batch = 1,
                         .batches = 1000,
                         .in_double = true}));
    list.push_back(made({.name = "mlp/784-128-64-10/batch:32/adam",
                         .units = {784, 128, 64, 10},
                         .hidden = Hidden::Relu,
                         .output = Output::SoftmaxCategorical,
                         .rule = Rule::Adam,
                         .learning_rate = 1e-3,
                         .batch = 32,
                         .batches = 50}));
    list.push_back(made({.name = "mlp/784-256-128-10/batch:64/adam",
                         .units = {784, 256, 128, 10},
                         .hidden = Hidden::Relu,
                         .output = Output::SoftmaxCategorical,
                         .rule = Rule::Adam,
                         .learning_rate = 1e-3,
                         .batch = 64,
                         .batches = 94}));
    list.push_back(made({.name = "mlp/784-1024-1024-10/batch:128/sgd",
                         .units = {784, 1024, 1024, 10},
                         .hidden = Hidden::Relu,
                         .output = Output::SoftmaxCategorical,
                         .rule = Rule::Sgd,
                         .learning_rate = 0.01,
                         .batch = 128,
                         .batches = 4}));
    list.push_back(made({.name = "mlp/17-64-64-6/batch:256/adam",
                         .units = {17, 64, 64, 6},
                         .hidden = Hidden::Tanh,
                         .output = Output::LinearSquared,
                         .rule = Rule::Adam,
                         .learning_rate = 1e-3,
                         .batch = 256,
                         .batches = 8}));
    list.push_back(made({.name = "elman/32-128-32/steps:100/batch:32/sgd",
                         .units = {32, 128, 32},
                         .hidden = Hidden::Rnn,
                         .output = Output::LinearSquared,
                         .rule = Rule::Sgd,
                         .learning_rate = 1e-3,
                         .batch = 32,
                         .batches = 1,
                         .steps = 100}));
    list.push_back(made({.name = "elman/4-32-1/steps:200/batch:1/sgd",
                         .units = {4, 32, 1},
                         .hidden = Hidden::Rnn,
                         .output = Output::LinearSquared,
                         .rule = Rule::Sgd,
                         .learning_rate = 1e-3,
                         .batch = 1,
                         .batches = 8,
                         .steps = 200}));
    for (const auto& [cell, hidden] : {std::pair{"lstm", Hidden::Lstm}, {"gru", Hidden::Gru}}) {
      list.push_back(made({.name = cell + std::string("/32-128-32/steps:100/batch:32/sgd"),
                           .units = {32, 128, 32},
                           .hidden = hidden,
                           .output = Output::LinearSquared,
                           .rule = Rule::Sgd,
                           .learning_rate = 1e-3,
                           .batch = 32,
                           .batches = 1,
                           .steps = 100}));
    }
    return list;
  }();
  return all;
}

const Task& task(const std::string& name) {
  for (const Task& t : tasks()) {
    if (t.name == name) return t;
  }
  backfold::fail_argument("no task ", name.c_str());
}

void register_training(const std::string& name, const std::string& who, MakeEpoch make) {
  references().emplace(name, make);
  benchmark::RegisterBenchmark((name + "/" + who).c_str(), [=](benchmark::State& state) {
    const Task& t = task(name);
    const Epoch epoch = make(t);
    if (!same_losses(t, who, epoch)) return state.SkipWithError("another loss than the others");
    auto run = [&]<class S>(S) {
      const Meter<S> meter(state, t.multiply_adds(), double(t.sequences()));
      for (auto _ : state) benchmark::DoNotOptimize(epoch());
    };
    if (t.in_double) {
      run(double());
    } else {
      run(float());
    }
  });
}

void register_reference(const std::string& name, const std::string& who, MakeEpoch make) {
  references()[name + "/" + who] = make;
}
