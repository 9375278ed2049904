// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/error.hpp"
#include "backfold/core/setting.hpp"
#include "backfold/layer/connection.hpp"
#include "backfold/layer/extent.hpp"
#include "backfold/layer/layer_step.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Extent of a Dropout mask: the columns that share it.
enum class MaskOver {
  Step,      ///< one mask for each step of a sequence
  Sequence,  ///< one mask for all steps of a sequence (Gal & Ghahramani 2016), for recurrent
             ///< connections; in truncated training for those of a piece
};

/// Sets each unit to 0 with probability `rate` in training and scales the others by 1/(1 − rate);
/// passes them unchanged in inference: x_j = m_j net_j, δ_j = m_j ∂E/∂x_j.
///
/// The mask is a function of the noise of the pass, the sample, the step and the unit. It is not
/// stored, and does not depend on the number of threads.
///
///     Dropout<64>{0.2}, Dropout<Dynamic>{64, 0.2}
///
/// Recurrent dropout alone; the next layer takes the cell's output unmasked:
///
///     Rnn<float, Input<8>, Lstm<32, Through<2>>, Dropout<32, MaskOver::Sequence>,
///         Dense<1, Linear, After<1>>>
///
/// Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting
/// (2014); Gal & Ghahramani, A theoretically grounded application of dropout in recurrent neural
/// networks (2016).
template <Index Units, MaskOver Over = MaskOver::Step>
class Dropout : public Extent<Units> {
 public:
  static constexpr const char* name = "Dropout";
  static constexpr const char* form = Over == MaskOver::Sequence ? "per sequence" : "per step";
  static constexpr Index units_at_compile_time = Units;
  static constexpr auto connections = detail::connections_of<Direct>();
  static constexpr int bias_columns = 0;
  static constexpr bool units_are_independent = true;
  template <Index OtherUnits>
  using Resized = Dropout<OtherUnits, Over>;

  double rate = 0.5;
  static constexpr std::array settings{Setting{"rate", &Dropout::rate}};

  constexpr Dropout() requires(Units != Dynamic) = default;
  /// @throws std::invalid_argument unless 0 <= rate < 1
  constexpr explicit Dropout(double probability) requires(Units != Dynamic) : rate(probability) {
    (check)();
  }
  constexpr explicit Dropout(Index units, double probability = 0.5)
      : Extent<Units>(units), rate(probability) {
    (check)();
  }
  template <Index OtherUnits>
  constexpr explicit Dropout(const Dropout<OtherUnits, Over>& other)
      : Dropout(other.units(), other.rate) {}

  constexpr void(check)() const {
    if (!(rate >= 0 && rate < 1)) fail_argument("Dropout: expected 0 <= rate < 1, got ", rate);
  }

  template <Real S>
  void forward(const LayerStep<S>& at) const {
    mask(at, at.net, at.output);
  }
  template <Real S>
  void pull_back(const LayerPullBack<S>& at) const {
    mask(at, at.d_output, at.net);
  }

 private:
  template <class Step, class S>
  void mask(const Step& at, const S* from, S* to) const {
    if (at.mode == Mode::Inference || rate == 0) {
      std::copy(from, from + at.units * at.n, to);
      return;
    }
    const auto limit = static_cast<std::uint32_t>(rate * 0x1p32);
    const S scale = static_cast<S>(1 / (1 - rate));
    for (Index c = 0; c < at.n; ++c, from += at.units, to += at.units) {
      for (Index i = 0; i < at.units; i += 4) {
        const CounterRandom::Block bits = Over == MaskOver::Sequence
                                              ? at.noise.bits_of_sample(c, i / 4)
                                              : at.noise.bits(c, i / 4);
        for (Index k = 0; k < 4 && i + k < at.units; ++k) {
          to[i + k] = bits[static_cast<std::size_t>(k)] < limit ? S(0) : scale * from[i + k];
        }
      }
    }
  }
};

BACKFOLD_END_NAMESPACE
