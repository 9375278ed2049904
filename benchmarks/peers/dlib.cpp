// SPDX-License-Identifier: MIT
// dlib at its best: one thread, denormals flushed, no weight decay, batches made into tensors
// before.
#include <dlib/dnn.h>
#include <dlib/revision.h>

#include "task.hpp"

namespace {

template <unsigned First, unsigned Second>
class Model {
 public:
  explicit Model(const Task& task)
      : solvers_(net_.num_computational_layers, dlib::adam(0, 0.9f, 0.999f)),
        learning_rate_(task.learning_rate) {
    for (Eigen::Index b = 0; b < task.batches; ++b) {
      std::vector<dlib::matrix<float>> samples;
      for (Eigen::Index s = b * task.batch; s < (b + 1) * task.batch; ++s) {
        dlib::matrix<float> sample(task.X.rows(), 1);
        for (Eigen::Index i = 0; i < task.X.rows(); ++i) sample(i) = float(task.X(i, s));
        samples.push_back(sample);
        Eigen::Index label;
        task.Z.col(s).maxCoeff(&label);
        labels_.push_back(static_cast<unsigned long>(label));
      }
      batches_.emplace_back();
      net_.to_tensor(samples.begin(), samples.end(), batches_.back());
    }
    net_.subnet().forward(batches_.front());  // makes the parameters
    // A layer's are [W | b] with W fan-in × units by rows, the same block as Backfold's.
    const double* w = task.weights.data();
    auto set = [&](dlib::tensor& parameters) {
      for (float& p : parameters) p = float(*w++);
    };
    set(dlib::layer<5>(net_).layer_details().get_layer_params());
    set(dlib::layer<3>(net_).layer_details().get_layer_params());
    set(dlib::layer<1>(net_).layer_details().get_layer_params());
  }

  double epoch() {
    const backfold::FlushDenormals flush;
    double sum = 0;
    const unsigned long* labels = labels_.data();
    for (const dlib::resizable_tensor& x : batches_) {
      sum += net_.compute_parameter_gradients(x, labels);
      net_.update_parameters(solvers_, learning_rate_);
      labels += x.num_samples();
    }
    return sum / double(batches_.size());
  }

 private:
  template <unsigned Units, class Below>
  using Hidden = dlib::relu<dlib::fc<Units, Below>>;
  dlib::loss_multiclass_log<
      dlib::fc<10, Hidden<Second, Hidden<First, dlib::input<dlib::matrix<float>>>>>>
      net_;
  std::vector<dlib::adam> solvers_;
  double learning_rate_;
  std::vector<dlib::resizable_tensor> batches_;
  std::vector<unsigned long> labels_;
};

template <unsigned First, unsigned Second>
void add(const std::string& name) {
  register_training(name, "dlib", [](const Task& task) -> Epoch {
    const auto model = std::make_shared<Model<First, Second>>(task);
    return [model] { return model->epoch(); };
  });
}

[[maybe_unused]] const bool registered = [] {
  benchmark::AddCustomContext(
      "dlib", std::to_string(DLIB_MAJOR_VERSION) + "." + std::to_string(DLIB_MINOR_VERSION));
  add<128, 64>("mlp/784-128-64-10/batch:32/adam");
  add<256, 128>("mlp/784-256-128-10/batch:64/adam");
  return true;
}();

}  // namespace
