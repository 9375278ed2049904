// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/data/scaling.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Scalar of the numbers in an ONNX file, whatever that of the network is.
enum class OnnxScalar {
  Float,   ///< what every runtime computes in; parameters of a network of doubles are rounded
  Double,  ///< some operators of some runtimes do not take it
};

/// Settings for `save_onnx`.
struct OnnxOptions {
  int opset = 17;  ///< version of the operators, 13 to 17
  OnnxScalar scalar = OnnxScalar::Float;
  Scaling input_scaling = {};   ///< applied to inputs in the graph; of size 0: none
  Scaling target_scaling = {};  ///< inverted on outputs in the graph; of size 0: none
};

BACKFOLD_END_NAMESPACE
