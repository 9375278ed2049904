// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include "backfold/core/product.hpp"
#include "backfold/core/size.hpp"
#include "backfold/network/layer_shape.hpp"
#include "backfold/network/pass_shape.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Offsets of the pieces of a layer in a workspace's buffer; a block is units × batch.
struct LayerPieces {
  Index past_output = 0;  ///< history blocks, before the first step
  Index output = 0;       ///< steps blocks; after the past ones unless it takes single steps
  Index delta = 0;        ///< history + steps blocks, the first ones before the first step
  Index net = 0;          ///< net_gates·steps blocks
  Index past_memory = 0;  ///< one block, before the first step (layers with a memory)
  Index memory = 0;       ///< steps blocks
  Index d_memory = 0;     ///< one block
  Index net_bias = 0;     ///< net_gates·units (layers that gather their bias)
  Index transposed = 0;   ///< weights of the connections in time, transposed once per backward pass
};

/// Offsets of the pieces shared by all layers, and the size of the buffer.
struct SharedPieces {
  Index remembered = 0;   ///< single steps: number of values of a State, which come first
  Index weights = 0;      ///< a weight for each sample and step, if targets are masked
  Index block = 0;        ///< backward: one block of the largest layer except the input
  Index scratch = 0;      ///< of the products
  Index since_reset = 0;  ///< copies for products over all steps, the start across resets
  Index hidden = 0;       ///< columns that a reset hides from a step
  Index size = 0;
};

/// A piece of the buffer and the segments in which it is in use.
struct PlacedPiece {
  Index start = 0;
  Index end = 0;
  int first_use = 0;
  int last_use = 0;
};

/// Upper bound of the pieces of a workspace.
constexpr int most_pieces(int layers) { return 6 * layers + 5; }

/// Places pieces in a buffer. In a forward pass, pieces in use at different times share memory, by
/// first fit; for other purposes all pieces are disjoint. `lay_out` calls it, nothing else.
template <Real S>
class BufferLayout {
 public:
  /// @param placed room for most_pieces
  constexpr BufferLayout(const PassShape& shape, int segments, PlacedPiece* placed)
      : shape_(shape), end_(segments + 1), placed_(placed) {}

  [[nodiscard]] constexpr bool is_step() const { return shape_.purpose == Purpose::Step; }
  [[nodiscard]] constexpr bool is_forward() const { return shape_.purpose == Purpose::Forward; }
  [[nodiscard]] constexpr bool goes_back() const { return shape_.purpose >= Purpose::Gradient; }
  [[nodiscard]] constexpr Index size() const { return size_; }
  [[nodiscard]] BACKFOLD_NO_INLINE constexpr Index counted(Size size) const {
    return size.value("workspace: a batch of ", shape_.batch, " and ", shape_.steps, " steps");
  }

  /// Places the past of all layers, which a step reads and replaces, as one vector without gaps.
  BACKFOLD_COLD constexpr Index place_remembered(const LayerShape* layers, int count,
                                                 LayerPieces* pieces) {
    auto take = [&](Size numbers) {
      const Index start = size_;
      size_ = counted(numbers + size_);
      return start;
    };
    for (int l = 0; l < count; ++l) {
      pieces[l].past_output = take(layers[l].past() * shape_.batch);
      if (!layers[l].has_memory) continue;
      pieces[l].past_memory =
          pieces[l].past_output + layers[l].history * layers[l].units * shape_.batch;
    }
    const Index remembered = size_;
    size_ = counted(Size(size_).rounded_up(64 / sizeof(S)));
    return remembered;
  }

  BACKFOLD_COLD constexpr void place(const LayerShape& layer, LayerPieces& piece) {
    const int now = layer.segment;
    const Size block = Size(layer.units) * shape_.batch;
    const Size blocks = block * (Size(layer.history) + shape_.steps);
    const bool is_input = now == 0;
    if (is_step()) {
      piece.output = take(block);
    } else if (!is_input || shape_.copies_input || layer.history > 0) {
      // The past is set from a state before the first segment, and read after the last one. Outputs
      // of the pass before may be copied as inputs, so they must not overlap the copy.
      const bool early = layer.history > 0 || (layer.last_use == end_ && shape_.copies_input);
      const bool late = layer.history > 0;
      piece.past_output = take(blocks, early ? 0 : now, late ? end_ : layer.last_use);
      piece.output = piece.past_output + layer.history * layer.units * shape_.batch;
    }
    const bool has_delta = goes_back() && (!is_input || shape_.purpose >= Purpose::InputGradient);
    if (has_delta) piece.delta = take(blocks);
    if (layer.keeps_net || shape_.purpose == Purpose::Tangent) {
      // The loss reads the net input of the output layer.
      piece.net = take(Size(layer.net_gates) * block * shape_.steps, now,
                       layer.last_use == end_ ? end_ : now);
    }
    if (layer.has_memory) place_memory(layer, block, piece);
    if (layer.gathers_bias) {
      piece.net_bias = take(Size(layer.net_gates) * layer.units, 0, now);
    }
    if (goes_back()) piece.transposed = take(layer.transposed);
  }

  BACKFOLD_COLD constexpr SharedPieces place_shared(const LayerShape* layers, int count) {
    const Index columns = counted(Size(shape_.batch) * shape_.steps);
    Size largest_block = 0;
    Index scratch = 0;
    for (int l = 1; l < count; ++l) {
      largest_block = (std::max)(largest_block, Size(layers[l].units) * shape_.batch);
      if (columns == 1) continue;
      scratch = (std::max)(
          scratch, product_scratch<S>(layers[l].block_rows, layers[l].largest_fan_in, columns));
    }
    SharedPieces shared;
    if (!is_step()) shared.weights = take(columns, end_, end_);
    if (goes_back()) shared.block = take(largest_block);
    shared.scratch = take(scratch);
    if (shape_.has_resets) place_resets(layers, count, shared);
    shared.size = size_;
    return shared;
  }

 private:
  BACKFOLD_COLD constexpr void place_memory(const LayerShape& layer, Size block,
                                            LayerPieces& piece) {
    if (is_step()) {
      piece.memory = take(block);
    } else {
      piece.past_memory = take(block * (Size(1) + shape_.steps));
      piece.memory = piece.past_memory + layer.units * shape_.batch;
    }
    if (goes_back()) piece.d_memory = take(block);
  }

  /// Places the copies with the start in place of steps before a reset, and the columns that a
  /// reset hides. The backward pass puts into the copies' place what it hides from a layer's
  /// pull-back, and the sums of a layer's deltas that reach a learnt start.
  BACKFOLD_COLD constexpr void place_resets(const LayerShape* layers, int count,
                                            SharedPieces& shared) {
    Size copies = 0, hidden = 0;
    for (int l = 0; l < count; ++l) {
      copies = (std::max)(copies, Size(layers[l].since_reset) * shape_.batch * shape_.steps);
      copies = (std::max)(copies, Size(layers[l].units) * 3 * shape_.batch);
      copies = (std::max)(copies, Size(layers[l].net_gates) * layers[l].units);
      hidden += layers[l].hidden * shape_.batch;
    }
    shared.since_reset = take(copies);
    shared.hidden = take(hidden);
  }

  /// Places a piece that is in use during the whole pass.
  constexpr Index take(Size numbers) { return take(numbers, 0, end_); }
  BACKFOLD_NO_INLINE constexpr Index take(Size numbers, int first_use, int last_use) {
    const Index count = counted(numbers.rounded_up(64 / sizeof(S)));
    if (count == 0) return 0;
    const Index start = is_forward() ? first_fit(count, first_use, last_use) : size_;
    const Index end = counted(Size(start) + count);
    if (is_forward()) placed_[placed_count_++] = {start, end, first_use, last_use};
    size_ = (std::max)(size_, end);
    return start;
  }
  [[nodiscard]] constexpr Index first_fit(Index count, int first_use, int last_use) const {
    Index start = 0;
    for (bool is_taken = true; is_taken;) {
      is_taken = false;
      for (int i = 0; i < placed_count_; ++i) {
        const PlacedPiece& other = placed_[i];
        if (other.last_use < first_use || last_use < other.first_use) continue;
        if (other.end <= start || other.start - start >= count) continue;
        start = other.end;
        is_taken = true;
      }
    }
    return start;
  }

  PassShape shape_;
  int end_;
  PlacedPiece* placed_;
  int placed_count_ = 0;
  Index size_ = 0;
};

/// Lays out the pieces of `count` layers: one function for all networks.
/// @throws std::invalid_argument if their total size overflows
template <Real S>
BACKFOLD_COLD constexpr SharedPieces lay_out(const LayerShape* layers, int count, int segments,
                                             const PassShape& shape, PlacedPiece* placed,
                                             LayerPieces* pieces) {
  BufferLayout<S> layout(shape, segments, placed);
  Index remembered = 0;
  if (layout.is_step()) remembered = layout.place_remembered(layers, count, pieces);
  for (int l = 0; l < count; ++l) layout.place(layers[l], pieces[l]);
  SharedPieces shared = layout.place_shared(layers, count);
  shared.remembered = remembered;
  return shared;
}

/// Layout of a workspace: offsets of all pieces in its buffer.
template <int LayerCount>
struct WorkspacePlan : SharedPieces {
  std::array<LayerPieces, LayerCount> layers{};

  template <class Arch>
  BACKFOLD_NO_INLINE static constexpr WorkspacePlan of(const Arch& architecture,
                                                       const PassShape& shape) {
    const auto& shapes = layer_shapes(architecture);
    std::array<PlacedPiece, most_pieces(LayerCount)> placed{};
    WorkspacePlan plan;
    static_cast<SharedPieces&>(plan) =
        lay_out<typename Arch::Scalar>(shapes.data(), LayerCount, Arch::Graph::segment_count, shape,
                                       placed.data(), plan.layers.data());
    return plan;
  }
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
