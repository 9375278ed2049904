// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <ostream>
#include <vector>

#include "backfold/gradient/check_gradient.hpp"
#include "backfold/network/describe.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Parameter of one block of w whose derivative has the largest relative error.
struct BlockCheck {
  Block block;
  Index row = 0, column = 0;  ///< within the block
  double gradient = 0;        ///< the network's derivative there
  double difference = 0;      ///< the central difference
  double error = 0;  ///< |gradient − difference| relative to the larger; NaN if either is
};

/// Comparison of a gradient with central differences, block by block of w.
///
/// An error is relative to its own parameter's derivative, or to 1/1000 of the largest one, if that
/// is larger: differences of smaller ones are noise.
struct GradientReport {
  std::vector<BlockCheck> blocks;

  /// The block with the largest error. @pre there is a block
  [[nodiscard]] const BlockCheck& worst() const {
    return *std::max_element(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) {
      return a.error < b.error || (b.error != b.error && a.error == a.error);
    });
  }
};

/// Compares ∇E(w) with (E(w + h) − E(w − h)) / 2h for every parameter, and reports the worst of
/// each block. If your own layer, activation or loss is wrong, the blocks after it are still right,
/// which locates the error. It takes 2n passes. Use a network of doubles: in float, right gradients
/// have errors up to about 1e-2. At a kink of an activation or loss, differences are expected.
///
///     std::cout << bf::gradient_report(net, loss, data);
///
/// @param h the step, relative to max(1, |w_i|)
/// @throws std::invalid_argument for data whose sizes do not fit
template <class Net, class L>
GradientReport gradient_report(Net net, const L& loss, const Sequences<typename Net::Scalar>& data,
                               double h = detail::difference_step<typename Net::Scalar>) {
  Workspace<Net> workspace(net, data.batch(), data.steps);
  Vector<typename Net::Scalar> g;
  gradient(net, loss, data, workspace, g);
  const double least = 1e-3 * static_cast<double>(g.cwiseAbs().maxCoeff());
  GradientReport report;
  for (const Block& block : blocks(net)) report.blocks.push_back({block});
  auto worst = report.blocks.begin();
  detail::for_each_difference(net, loss, data, workspace, h, [&](Index i, double difference) {
    while (i >= worst->block.offset + worst->block.size()) ++worst;
    const double own = static_cast<double>(g[i]);
    const double distance = std::abs(own - difference);
    const double scale = (std::max)({std::abs(own), std::abs(difference), least});
    const double error = distance == 0 ? 0 : distance / scale;
    const Index at = i - worst->block.offset;
    if (at == 0 || error > worst->error || (error != error && worst->error == worst->error)) {
      worst->row = at % worst->block.rows;
      worst->column = at / worst->block.rows;
      worst->gradient = own;
      worst->difference = difference;
      worst->error = error;
    }
    return true;
  });
  return report;
}

/// Writes a line for each block: its layer, its kind, and its worst parameter.
inline std::ostream& operator<<(std::ostream& out, const GradientReport& report) {
  for (const BlockCheck& worst : report.blocks) {
    const Block& block = worst.block;
    out << "layer " << block.layer << ' ' << block.type << ", ";
    if (block.kind == Block::Kind::Weights) {
      out << "weights from layer " << block.connection.source;
      if (block.connection.delay > 0) out << " t-" << block.connection.delay;
    } else {
      out << (block.kind == Block::Kind::Bias    ? "bias"
              : block.kind == Block::Kind::Start ? "start"
                                                 : "its own");
    }
    out << ": relative error " << worst.error << " at (" << worst.row << ", " << worst.column
        << "), gradient " << worst.gradient << ", difference " << worst.difference << '\n';
  }
  return out;
}

BACKFOLD_END_NAMESPACE
