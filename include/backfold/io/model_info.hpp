// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/data/scaling.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Optional information in a model's file, with which a program that loads it converts a user's
/// numbers to inputs and outputs to answers.
struct ModelInfo {
  Scaling input_scaling = {};   ///< of size 0: none
  Scaling target_scaling = {};  ///< of the targets in training; its inverse applies to outputs
  std::vector<std::string> inputs = {};   ///< a name for each input
  std::vector<std::string> outputs = {};  ///< a name for each output
  std::vector<std::string> classes = {};  ///< as `Categories::names()`: one for each output, or two
                                          ///< for one output, no and yes

  /// Inputs that are stored with their outputs, which `load` compares: samples in columns or, for a
  /// recurrent network, the steps of one sequence. Without them, random inputs are drawn.
  Matrix<double> example = {};
  Matrix<double> example_outputs = {};  ///< set by `load`
  std::string version = {};             ///< of the library that wrote the file, set by `load`
};

namespace detail {

/// @throws std::invalid_argument unless the sizes match the network's
inline void check_model_info(const ModelInfo& info, Index inputs, Index outputs) {
  const auto require = [](const char* what, Index got, Index expected, const char* of) {
    if (got != 0 && got != expected) {
      fail_argument("save: ", got, " ", what, " for a network of ", expected, " ", of);
    }
  };
  require("names of inputs", static_cast<Index>(info.inputs.size()), inputs, "inputs");
  require("names of outputs", static_cast<Index>(info.outputs.size()), outputs, "outputs");
  const auto classes = static_cast<Index>(info.classes.size());
  if (!(outputs == 1 && classes == 2)) require("classes", classes, outputs, "outputs");
  require("features in the scaling of inputs", info.input_scaling.size(), inputs, "inputs");
  require("features in the scaling of targets", info.target_scaling.size(), outputs, "outputs");
  if (info.example.cols() > 0) {
    require("rows in the example", info.example.rows(), inputs, "inputs");
    if (!all_finite(info.example.data(), info.example.size())) {
      fail_argument("save: the example has numbers that are not finite");
    }
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
