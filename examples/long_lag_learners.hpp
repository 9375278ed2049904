// SPDX-License-Identifier: MIT
// Learners of the example long_lags: Adam with a clipped gradient, which BPTT or RTRL computes.
#pragma once

#include <backfold/backfold.hpp>

#include "long_lag_tasks.hpp"

using Clipped = backfold::ClipNorm<backfold::Adam>;

/// A network with all that it takes to learn batches by BPTT: one step of Adam for each batch.
template <class NetType, class Loss>
class Bptt {
 public:
  using Net = NetType;
  static constexpr const char* method = "BPTT";

  Bptt(Net& of, double rate)
      : net_(of), optimizer_(backfold::Adam{.learning_rate = rate}, 1.0), workspace_(of, 1, 1) {}

  /// @return outputs before the step
  Eigen::MatrixXf learn(const Batch& batch) {
    Eigen::MatrixXf Y = outputs(batch);
    update([&](const float*, float* g) {
      return backfold::gradient(net_, Loss{}, batch.sequences(), workspace_,
                                backfold::Vector<float>::Map(g, net_.parameter_count()),
                                {.reduction = backfold::Reduction::Mean});
    });
    return Y;
  }
  Eigen::MatrixXf outputs(const Batch& batch) {
    return backfold::run(net_, batch.X, batch.steps, workspace_, {.lengths = batch.lengths});
  }

 protected:
  template <class Objective>
  void update(const Objective& objective) {
    optimizer_.step(net_.parameters().data(), objective, memory_);
  }
  Net& net_;

 private:
  Clipped optimizer_;
  backfold::Workspace<Net> workspace_;
  Clipped::State<float> memory_{net_.parameter_count()};
};

/// Online learning by RTRL: one step of Adam for each step that has a target.
template <class NetType, class Loss>
class OnlineRtrl : public Bptt<NetType, Loss> {
 public:
  static constexpr const char* method = "RTRL";

  OnlineRtrl(NetType& of, double rate)
      : Bptt<NetType, Loss>(of, rate), rtrl_(of), gradient_(of.parameter_count()) {}

  /// @return outputs, each before the step of its target
  Eigen::MatrixXf learn(const Batch& batch) {
    Eigen::MatrixXf Y = Eigen::MatrixXf::Zero(this->net_.outputs(), batch.X.cols());
    for (backfold::Index b = 0; b < batch.n; ++b) {
      rtrl_.reset();
      for (backfold::Index t = 0; t < batch.length(b); ++t) {
        const backfold::Index c = batch.column(t, b);
        if (!batch.has_target(t, b)) {
          rtrl_.step(this->net_, batch.X.col(c));
        } else {
          const double E = rtrl_.step(this->net_, Loss{}, batch.X.col(c),
                                      batch.Z.col(batch.target_column(t, b)), gradient_);
          this->update([&](const float*, float* g) {
            backfold::Vector<float>::Map(g, gradient_.size()) = gradient_;
            return E;
          });
        }
        Y.col(c) = rtrl_.output();
      }
    }
    return Y;
  }

 private:
  backfold::Rtrl<NetType> rtrl_;
  backfold::Vector<float> gradient_;
};
