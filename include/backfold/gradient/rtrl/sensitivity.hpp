// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/rtrl/contraction.hpp"
#include "backfold/gradient/rtrl/layer_tangent.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Sensitivities P = ∂(state)/∂w of real-time recurrent learning, carried forward in time by
/// forward-mode differentiation: P^t = D P^(t−1) + J, with the dynamics Jacobian D and the
/// immediate Jacobian J of each layer.
template <class Net>
class Sensitivity {
 public:
  using S = typename Net::Scalar;
  using Arch = typename Net::ArchitectureType;
  using P = Pass<Net, 1>;

  explicit Sensitivity(const Arch& architecture) : tangents_(architecture) {
    for_each_index<last_layer>([&](auto l) {
      const auto sizes = LayerTangent<Net, l() + 1>::scratch_sizes(architecture);
      reserve(sizes.net, scratch_.net);
      reserve(sizes.weights, scratch_.weights);
      reserve(sizes.immediate, scratch_.immediate);
      reserve(sizes.local, scratch_.local);
      reserve(sizes.self, scratch_.self);
      reserve(sizes.product, scratch_.product);
    });
  }

  [[nodiscard]] Index size() const { return tangents_.size(); }

  void reset() { tangents_.reset(); }

  /// gradient ← gradient + Σ (∂E/∂past)·P, after a backward pass of the next step.
  void add_past(const P& pass, S* gradient) {
    detail::add_past(pass, tangents_, gradient, scratch_.product.data());
  }

  /// Advances P by the step that the pass has run forward.
  void advance(const P& pass) {
    for_each_index<last_layer>(
        [&](auto l) { LayerTangent<Net, l() + 1>(pass, tangents_, scratch_).advance(); });
    tangents_.shift();
  }

 private:
  static constexpr int last_layer = Tangents<Net>::last_layer;

  static void reserve(Size size, Vector<S>& numbers) {
    const Index count = size.value("Rtrl: the sensitivities");
    if (count > numbers.size()) numbers.resize(count);
  }

  Tangents<Net> tangents_;
  TangentScratch<S> scratch_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
