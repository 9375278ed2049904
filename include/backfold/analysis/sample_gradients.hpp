// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/gradient.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Gradient of the error of each sample (or sequence): column b is ∇E_b(w). The sum of the columns
/// is the batch gradient with `Reduction::Sum`.
///
/// Their spread is the noise of a mini-batch gradient; their norms serve per-sample clipping.
/// Allocates nothing once workspace and result have their sizes, unless the data are stored in the
/// workspace: then they are copied.
///
/// @param gradients becomes parameters × batch
/// @return E, the sum over the batch
/// @throws std::invalid_argument for data whose sizes do not fit
template <class Net, class L, Index Batch>
double sample_gradients(const Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
                        Workspace<Net, Batch>& workspace, Matrix<typename Net::Scalar>& gradients) {
  using S = typename Net::Scalar;
  static_assert(Batch == Dynamic || Batch == 1,
                "backfold: sample_gradients runs sample by sample: its workspace is for one");
  detail::check_network_and_data<L>(net, data);
  gradients.resize(net.parameter_count(), data.batch());
  const detail::DataApart<S> apart(data, workspace);
  const Sequences<S>& source = apart;
  double sum = 0;
  for (Index b = 0; b < source.batch(); ++b) {
    sum += detail::evaluate<Purpose::Gradient>(
        net.architecture(), net.parameters().data(), loss, source[b],
        detail::ScaleBy{Reduction::Sum}, workspace, static_cast<const State<Net, Batch>*>(nullptr),
        static_cast<State<Net, Batch>*>(nullptr), gradients.col(b).data());
  }
  return sum;
}

BACKFOLD_END_NAMESPACE
