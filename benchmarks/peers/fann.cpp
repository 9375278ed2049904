// SPDX-License-Identifier: MIT
// FANN in double: online learning of one sample after the other, and one sample through a net.
#include <doublefann.h>

#include "task.hpp"

namespace {

struct Model {
  explicit Model(const Task& t) : task(t) {
    const auto inputs = unsigned(task.units[0]);
    const auto hidden = unsigned(task.units[1]);
    const auto outputs = unsigned(task.units[2]);
    net = fann_create_standard(3, inputs, hidden, outputs);
    fann_set_activation_function_hidden(net, FANN_SIGMOID_SYMMETRIC);  // tanh(steepness·x)
    fann_set_activation_steepness_hidden(net, 1);
    fann_set_activation_function_output(net, FANN_SIGMOID);  // 1/(1 + exp(−2·steepness·x))
    fann_set_activation_steepness_output(net, 0.5);
    fann_set_training_algorithm(net, FANN_TRAIN_INCREMENTAL);
    fann_set_train_error_function(net, FANN_ERRORFUNC_LINEAR);
    fann_set_learning_rate(net, float(task.learning_rate));
    fann_set_learning_momentum(net, 0.9f);
    // Neurons: inputs, bias, hidden, bias, outputs; a bias is a neuron that is 1.
    const double* w = task.weights.data();
    auto set = [&](unsigned from_first, unsigned from, unsigned to_first, unsigned to) {
      for (unsigned i = 0; i <= from; ++i) {
        for (unsigned j = 0; j < to; ++j) fann_set_weight(net, from_first + i, to_first + j, *w++);
      }
    };
    set(0, inputs, inputs + 1, hidden);
    set(inputs + 1, hidden, inputs + 1 + hidden + 1, outputs);
  }
  ~Model() { fann_destroy(net); }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  double epoch() {
    fann_reset_MSE(net);
    for (Eigen::Index s = 0; s < task.sequences(); ++s) {
      fann_train(net, task.X.col(s).data(), task.Z.col(s).data());
    }
    return 0.5 * double(fann_get_MSE(net));
  }

  Task task;
  fann* net;
};

void one_sample(benchmark::State& state) {
  fann* const net = fann_create_standard(4, 4, 64, 64, 2);
  fann_set_activation_function_hidden(net, FANN_SIGMOID_SYMMETRIC);
  fann_set_activation_function_output(net, FANN_SIGMOID_SYMMETRIC);
  double x[4] = {0.1, 0.2, 0.3, 0.4};
  {
    const Meter<double> meter(state, 4 * 64 + 64 * 64 + 64 * 2, 1);
    for (auto _ : state) x[0] = fann_run(net, x)[0];
  }
  fann_destroy(net);
}

[[maybe_unused]] const bool registered = [] {
  register_training("online/2-8-1", "FANN", [](const Task& task) -> Epoch {
    const auto model = std::make_shared<Model>(task);
    return [model] { return model->epoch(); };
  });
  benchmark::RegisterBenchmark("inference/4-64-64-2/FANN (double)", one_sample);
  return true;
}();

}  // namespace
