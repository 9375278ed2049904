// SPDX-License-Identifier: MIT
// libtorch at its best: one thread, denormals flushed, no gradient where none is needed. Debian's
// OpenBLAS takes newer processors for an old one: set OPENBLAS_CORETYPE (the report does).
#include <torch/torch.h>

#include "task.hpp"

namespace {

torch::Tensor tensor_of(const Eigen::MatrixXd& m, torch::ScalarType type) {
  // Eigen's columns are torch's rows.
  const Eigen::MatrixXd copy = m;
  return torch::from_blob(const_cast<double*>(copy.data()), {copy.cols(), copy.rows()},
                          torch::kDouble)
      .clone()
      .to(type);
}

struct Model {
  explicit Model(const Task& t) : task(t), type(t.in_double ? torch::kDouble : torch::kFloat) {
    torch::set_num_threads(1);
    const double* w = task.weights.data();
    auto block = [&](Eigen::Index rows, Eigen::Index cols) {
      const Eigen::MatrixXd values = Eigen::Map<const Eigen::MatrixXd>(w, rows, cols);
      w += rows * cols;
      return tensor_of(values.transpose(), type).contiguous();  // rows × cols
    };
    const torch::NoGradGuard guard;
    const std::size_t last = task.units.size() - 1;
    for (std::size_t l = 1; l <= last; ++l) {
      const auto in = task.units[l - 1];
      const auto out = task.units[l];
      if (l < last && task.hidden == Hidden::Rnn) {
        rnn = torch::nn::RNN(torch::nn::RNNOptions(in, out));
        rnn->to(type);
        rnn->named_parameters()["weight_ih_l0"].copy_(block(out, in));
        rnn->named_parameters()["weight_hh_l0"].copy_(block(out, out));
        rnn->named_parameters()["bias_ih_l0"].copy_(block(out, 1).flatten());
        rnn->named_parameters()["bias_hh_l0"].zero_().set_requires_grad(false);
        add(rnn->parameters());
      } else if (l < last && task.hidden == Hidden::Lstm) {
        lstm = torch::nn::LSTM(torch::nn::LSTMOptions(in, out));
        lstm->to(type);
        lstm->named_parameters()["weight_ih_l0"].copy_(block(4 * out, in));
        lstm->named_parameters()["weight_hh_l0"].copy_(block(4 * out, out));
        lstm->named_parameters()["bias_ih_l0"].copy_(block(4 * out, 1).flatten());
        lstm->named_parameters()["bias_hh_l0"].copy_(block(4 * out, 1).flatten());
        add(lstm->parameters());
      } else if (l < last && task.hidden == Hidden::Gru) {
        gru = torch::nn::GRU(torch::nn::GRUOptions(in, out));
        gru->to(type);
        gru->named_parameters()["weight_ih_l0"].copy_(block(3 * out, in));
        gru->named_parameters()["weight_hh_l0"].copy_(block(3 * out, out));
        gru->named_parameters()["bias_ih_l0"].copy_(block(3 * out, 1).flatten());
        gru->named_parameters()["bias_hh_l0"].copy_(block(3 * out, 1).flatten());
        add(gru->parameters());
      } else {
        auto linear = torch::nn::Linear(in, out);
        linear->to(type);
        linear->weight.copy_(block(out, in));
        linear->bias.copy_(block(out, 1).flatten());
        linears.push_back(linear);
        add(linear->parameters());
      }
    }
    if (task.rule == Rule::Adam) {
      optimizer = std::make_unique<torch::optim::Adam>(
          parameters, torch::optim::AdamOptions(task.learning_rate));
    } else {
      optimizer = std::make_unique<torch::optim::SGD>(
          parameters, torch::optim::SGDOptions(task.learning_rate)
                          .momentum(task.rule == Rule::Momentum ? 0.9 : 0));
    }
    const auto features = [](const torch::Tensor& of) { return of.size(1); };
    X = tensor_of(task.X, type);
    Z = tensor_of(task.Z, type);
    X = X.reshape({task.steps, task.sequences(), features(X)});
    Z = Z.reshape({task.steps, task.sequences(), features(Z)});
  }

  void add(const std::vector<torch::Tensor>& more) {
    for (const auto& p : more) {
      if (p.requires_grad()) parameters.push_back(p);
    }
  }

  torch::Tensor loss(torch::Tensor x, const torch::Tensor& z) {
    if (rnn) x = std::get<0>(rnn(x));
    if (lstm) x = std::get<0>(lstm(x));
    if (gru) x = std::get<0>(gru(x));
    for (std::size_t l = 0; l + 1 < linears.size(); ++l) {
      x = linears[l](x);
      x = task.hidden == Hidden::Tanh ? torch::tanh(x) : torch::relu(x);
    }
    x = linears.back()(x);
    namespace F = torch::nn::functional;
    if (task.output == Output::SigmoidSquared) x = torch::sigmoid(x);
    if (task.output == Output::SoftmaxCategorical) {
      return F::cross_entropy(x.reshape({-1, x.size(2)}), z.argmax(2).flatten());
    }
    return 0.5 * (x - z).square().sum(2).mean();
  }

  double epoch() {
    const backfold::FlushDenormals flush;
    double sum = 0;
    for (Eigen::Index b = 0; b < task.batches; ++b) {
      const auto x = X.narrow(1, b * task.batch, task.batch);
      const auto z = Z.narrow(1, b * task.batch, task.batch);
      optimizer->zero_grad();
      auto e = loss(x, z);
      e.backward();
      optimizer->step();
      sum += e.item<double>();
    }
    return sum / double(task.batches);
  }

  Task task;
  torch::ScalarType type;
  torch::nn::RNN rnn = nullptr;
  torch::nn::LSTM lstm = nullptr;
  torch::nn::GRU gru = nullptr;
  std::vector<torch::nn::Linear> linears;
  std::vector<torch::Tensor> parameters;
  std::unique_ptr<torch::optim::Optimizer> optimizer;
  torch::Tensor X, Z;
};

void one_sample(benchmark::State& state) {
  torch::set_num_threads(1);
  const torch::InferenceMode guard;
  torch::nn::Sequential net(torch::nn::Linear(4, 64), torch::nn::Tanh(), torch::nn::Linear(64, 64),
                            torch::nn::Tanh(), torch::nn::Linear(64, 2), torch::nn::Tanh());
  const auto x = torch::rand({1, 4});
  const Meter<float> meter(state, 4 * 64 + 64 * 64 + 64 * 2, 1);
  for (auto _ : state) benchmark::DoNotOptimize(net->forward(x));
}

void one_step(benchmark::State& state) {
  torch::set_num_threads(1);
  const torch::InferenceMode guard;
  torch::nn::RNNCell cell(8, 32);
  torch::nn::Linear output(32, 1);
  const auto x = torch::rand({1, 8});
  auto h = torch::zeros({1, 32});
  const Meter<float> meter(state, 8 * 32 + 32 * 32 + 32, 1);
  for (auto _ : state) {
    h = cell(x, h);
    benchmark::DoNotOptimize(output(h));
  }
}

[[maybe_unused]] const bool registered = [] {
  benchmark::AddCustomContext("libtorch", TORCH_VERSION);
  for (const Task& t : tasks()) {
    register_training(t.name, "libtorch", [](const Task& task) -> Epoch {
      const auto model = std::make_shared<Model>(task);
      return [model] { return model->epoch(); };
    });
  }
  benchmark::RegisterBenchmark("inference/4-64-64-2/libtorch", one_sample);
  benchmark::RegisterBenchmark("step/elman 8-32-1/libtorch", one_step);
  return true;
}();

}  // namespace
