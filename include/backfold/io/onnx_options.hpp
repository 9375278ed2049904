// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/data/scaling.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Scalar of the numbers in an ONNX file, whatever that of the network is.
enum class OnnxScalar {
  Float,   ///< what every runtime computes in; parameters of a network of doubles are rounded
  Double,  ///< some operators of some runtimes do not take it
};

/// The part of a sequence that one run of an ONNX file computes.
enum class OnnxRun {
  Step,      ///< one step, for any connections; inputs and outputs are batch × features
  Sequence,  ///< all steps, by the operators RNN, LSTM and GRU: steps × batch × features
};

/// Settings for `save_onnx`.
struct OnnxOptions {
  int opset = 17;  ///< version of the operators, 13 to 17
  OnnxScalar scalar = OnnxScalar::Float;
  OnnxRun run = OnnxRun::Step;
  Scaling input_scaling = {};   ///< applied to inputs in the graph; of size 0: none
  Scaling target_scaling = {};  ///< inverted on outputs in the graph; of size 0: none
};

BACKFOLD_END_NAMESPACE
