// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/counter_random.hpp"
#include "backfold/core/random.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Mode of a pass. Layers such as Dropout behave differently in training.
enum class Mode {
  Inference,  ///< the network as it is used
  Training,   ///< with the noise that training adds
};

/// Noise of a pass: the key of the random functions of its layers. A second pass with an equal key
/// repeats the numbers, on any number of threads.
struct Noise {
  std::uint64_t seed = 1;
  std::uint64_t update = 0;  ///< the optimizer's step τ
  Index first_sample = 0;    ///< index in the batch of the pass's first sample
  Index first_step = 0;      ///< time steps of earlier passes in this update
};

/// Noise of one layer in a pass: uniform random bits for each column and unit.
class LayerNoise {
 public:
  constexpr LayerNoise() = default;
  /// For `batch` columns per time step, from step `first_step` on.
  constexpr LayerNoise(const Noise& noise, int layer, Index batch, Index first_step)
      : random_(key_of(noise)),
        layer_(layer),
        first_sample_(noise.first_sample),
        batch_(batch),
        first_step_(noise.first_step + first_step),
        before_(noise.first_step) {}

  /// 32 bits for each of the units 4q..4q+3 of a column.
  [[nodiscard]] constexpr CounterRandom::Block bits(Index column, Index q) const {
    return of(column, q, first_step_ + column / batch_ + 1);
  }
  /// 32 bits for each of these units, constant over all time steps of a sample in the pass.
  [[nodiscard]] constexpr CounterRandom::Block bits_of_sample(Index column, Index q) const {
    return of(column, q, -before_);  // as uint32_t, beyond all steps
  }

 private:
  [[nodiscard]] constexpr CounterRandom::Block of(Index column, Index q, Index step) const {
    return random_({static_cast<std::uint32_t>(q),
                    static_cast<std::uint32_t>(first_sample_ + column % batch_),
                    static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(layer_)});
  }

  static constexpr std::uint64_t key_of(Noise noise) {
    return detail::split_mix(noise.seed) ^ noise.update;
  }

  CounterRandom random_{0};
  int layer_ = 0;
  Index first_sample_ = 0, batch_ = 1, first_step_ = 0, before_ = 0;
};

BACKFOLD_END_NAMESPACE
