// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backfold/backfold.hpp"
#include "machine.hpp"

// The same training for every library: data, first weights, sizes and settings in a form that needs
// no library, and one place that checks that all compute the same loss before it times them.

enum class Hidden { Tanh, Relu, Rnn, Lstm, Gru };  ///< Rnn: Elman with tanh
enum class Output { SigmoidSquared, SoftmaxCategorical, LinearSquared };
enum class Rule { Sgd, Momentum, Adam };

struct Task {
  std::string name;
  std::vector<Eigen::Index> units;
  Hidden hidden;
  Output output;
  Rule rule;
  double learning_rate;  ///< momentum 0.9; Adam's β 0.9, 0.999 and ε 1e-8
  Eigen::Index batch;
  Eigen::Index batches;  ///< of an epoch
  Eigen::Index steps = 1;
  bool in_double = false;
  Eigen::MatrixXd X = {}, Z = {};  ///< time-major: column t·sequences + s
  Eigen::VectorXd weights = {};    ///< as Backfold lays them out: [W | U | b] layer by layer

  Eigen::Index sequences() const { return batch * batches; }
  bool is_recurrent() const { return hidden >= Hidden::Rnn; }
  Eigen::Index gates() const {  ///< of a hidden layer
    return hidden == Hidden::Lstm ? 4 : hidden == Hidden::Gru ? 3 : 1;
  }
  double multiply_adds() const;  ///< of an epoch: forward, back and gradient, without ∂E/∂X
};

/// Fashion-MNIST's training pictures, 784 × 60,000, and their classes, one-hot. Empty where it is
/// not installed.
struct Pictures {
  Eigen::MatrixXf X, Z;
};
const Pictures& pictures();

const std::vector<Task>& tasks();
const Task& task(const std::string& name);

/// One pass over the data in their order, in batches; the mean of the losses seen on the way.
using Epoch = std::function<double()>;
using MakeEpoch = std::function<Epoch(const Task&)>;

/// Registers `<task>/<who>`. Before it is timed, its losses of two epochs are compared with the
/// first library registered for the task, or with its own reference.
void register_training(const std::string& task, const std::string& who, MakeEpoch make);

/// For a library whose rule differs from the others': Backfold by that rule.
void register_reference(const std::string& task, const std::string& who, MakeEpoch make);
