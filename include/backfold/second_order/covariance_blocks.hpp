// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <vector>

#include "backfold/core/size.hpp"
#include "backfold/core/types.hpp"
#include "backfold/second_order/kalman_options.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Covariance P of a network's parameters: a symmetric block for each group of parameters that are
/// coupled, of which only the lower triangle is stored to, so P cannot lose its symmetry.
///
/// Vectors are in the order of the groups: entry i is parameter `parameter(i)`.
template <class S>
class CovarianceBlocks {
 public:
  template <class Arch>
  CovarianceBlocks(const Arch& architecture, const KalmanOptions& options) {
    if (options.coupling == KalmanCoupling::Global) {
      begin_block();
      add(0, architecture.parameter_count(), 1);
    } else {
      for_each_index<Arch::layer_count - 1>([&](auto l) {
        add_layer(architecture.template block_offset<l() + 1>(),
                  architecture.template block_offset<l() + 2>(),
                  options.coupling == KalmanCoupling::Node ? architecture.template units<l() + 1>()
                                                           : Index{1});
      });
    }
    Size size = 0;
    for (Block& block : blocks_) {
      block.offset = size.value("kalman: the covariance");
      size += Size(block.size) * block.size;
    }
    numbers_.setZero(size.value("kalman: the covariance"));
    for (const Block& block : blocks_) {
      matrix(block).diagonal().setConstant(static_cast<S>(options.initial_covariance));
    }
  }

  /// Number of parameters.
  [[nodiscard]] Index size() const { return static_cast<Index>(order_.size()); }
  /// The parameter of entry i of a vector.
  [[nodiscard]] Index parameter(Index i) const { return order_[static_cast<std::size_t>(i)]; }

  /// to ← P h
  template <class H, class To>
  void multiply(const H& h, To&& to) const {
    for (const Block& block : blocks_) {
      to.segment(block.start, block.size).noalias() =
          matrix(block).template selfadjointView<Eigen::Lower>() *
          h.segment(block.start, block.size);
    }
  }

  /// P ← (P − A Aᵀ)/λ + q I, block by block.
  template <class A>
  void update(const A& a, S forgetting, S noise) {
    const S growth = S(1) / forgetting;
    for (const Block& block : blocks_) {
      auto p = matrix(block);
      for (Index j = 0; j < block.size; ++j) {
        const Index rest = block.size - j;
        auto column = p.col(j).tail(rest);
        for (Index k = 0; k < a.cols(); ++k) {
          column -= a(block.start + j, k) * a.col(k).segment(block.start + j, rest);
        }
        if (growth != S(1)) column *= growth;
        column[0] += noise;
      }
    }
  }

  /// P in the order of the parameters, with zeros between groups.
  [[nodiscard]] Matrix<S> dense() const {
    Matrix<S> all = Matrix<S>::Zero(size(), size());
    for (const Block& block : blocks_) {
      const auto p = matrix(block);
      for (Index j = 0; j < block.size; ++j) {
        for (Index i = j; i < block.size; ++i) {
          const Index row = parameter(block.start + i), column = parameter(block.start + j);
          all(row, column) = all(column, row) = p(i, j);
        }
      }
    }
    return all;
  }

 private:
  struct Block {
    Index start, size, offset;  ///< in vectors, and in the numbers of all blocks
  };

  void begin_block() { blocks_.push_back({size(), 0, 0}); }

  /// Adds the parameters first, first + step, ... to the last block.
  void add(Index first, Index end, Index step) {
    for (Index i = first; i < end; i += step) order_.push_back(i);
    blocks_.back().size = size() - blocks_.back().start;
  }

  /// A block of parameters is stored column by column, so every `groups`-th belongs to one unit.
  void add_layer(Index first, Index end, Index groups) {
    for (Index i = 0; i < (std::min)(groups, end - first); ++i) {
      begin_block();
      add(first + i, end, groups);
    }
  }

  Eigen::Map<Matrix<S>> matrix(const Block& block) {
    return {numbers_.data() + block.offset, block.size, block.size};
  }
  [[nodiscard]] Eigen::Map<const Matrix<S>> matrix(const Block& block) const {
    return {numbers_.data() + block.offset, block.size, block.size};
  }

  std::vector<Index> order_;
  std::vector<Block> blocks_;
  Vector<S> numbers_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
