// SPDX-License-Identifier: MIT
// Networks of all topologies, with random sizes and weights, for the tests of their symmetries.
#pragma once

#include <backfold/analysis/symmetry.hpp>
#include <backfold/backfold.hpp>
#include <limits>
#include <numeric>
#include <vector>

#include "catch.hpp"
#include "difference.hpp"

namespace topologies {

using namespace backfold;

template <Real S, Index A, Index B, Index C, Index D>
using OneLayer = Mlp<S, Input<A>, Dense<B, Tanh>, Dense<D, Linear>>;
template <Real S, Index A, Index B, Index C, Index D>
using Skips = Mlp<S, Input<A>, Dense<B, Tanh>, Dense<C, Linear, From<0>>,
                  Dense<B, Tanh, From<1>, NoBias>, Dense<D, Softmax, From<0>, From<2>>>;
template <Real S, Index A, Index B, Index C, Index D>
using NotOdd =
    Mlp<S, Input<A>, Dense<B, Relu>, Dense<C, Sigmoid, From<0>>, Dense<B, Gelu>, Dense<D, Tanh>>;
template <Real S, Index A, Index B, Index C, Index D>
using HiddenSoftmax =
    Mlp<S, Input<A>, Dense<B, Tanh>, Dense<C, Softmax>, Dense<D, Sigmoid, From<1>>>;
template <Real S, Index A, Index B, Index C, Index D>
using Elman = Rnn<S, Input<A>, Dense<B, Tanh, Recurrent<>>, Dense<D, Linear>>;
template <Real S, Index A, Index B, Index C, Index D>
using Jordan = Rnn<S, Input<A>, Dense<B, Tanh, Delayed<2>>, Dense<D, Sigmoid>>;
template <Real S, Index A, Index B, Index C, Index D>
using Diagonal = Rnn<S, Input<A>, Dense<B, Tanh, SelfRecurrent<>, SelfRecurrent<2>>,
                     Dense<C, Relu, SelfRecurrent<>>, Dense<D, Linear, SelfRecurrent<>>>;
template <Real S, Index A, Index B, Index C, Index D>
using Back = Rnn<S, Input<A>, Dense<B, Tanh, Delayed<2, 2>, Recurrent<>>,
                 Dense<C, Tanh, Recurrent<2>, NoBias>, Dense<D, Linear, Delayed<1, 2>>>;
template <Real S, Index A, Index B, Index C, Index D>
using Memory = Rnn<S, Input<A>, Lstm<B>, Dense<D, Linear>>;
template <Real S, Index A, Index B, Index C, Index D>
using Gated = Rnn<S, Input<A>, Gru<B, Delayed<2>>, Gru<C, From<0>, NoBias>, Dense<D, Tanh>>;
template <Real S, Index A, Index B, Index C, Index D>
using Mixed = Rnn<S, Input<A>, Dense<B, Tanh, SelfRecurrent<>, Delayed<3, 2>>,
                  Lstm<C, Recurrent<2>, Delayed<4>>, Gru<B, From<1>>, Dense<D, Softmax>>;

/// A network with all parameters random, biases too.
template <class Net, class... Sizes>
Net random_network(Random& random, Sizes... sizes) {
  Net net(sizes...);
  for (auto& w : net.parameters()) {
    w = static_cast<typename Net::Scalar>(uniform(random, -0.8, 0.8));
  }
  return net;
}

/// A random symmetry of a network, as a list of steps.
struct Transformation {
  struct Layer {
    int layer;
    std::vector<Index> permutation;
    std::vector<Index> negated;
  };
  std::vector<Layer> layers;

  template <class Net>
  Transformation(const Net& net, Random& random) {
    const auto list = backfold::layers(net);
    for (int l = 1; l + 1 < static_cast<int>(list.size()); ++l) {
      const auto& description = list[static_cast<std::size_t>(l)];
      Layer step{l, std::vector<Index>(static_cast<std::size_t>(description.units)), {}};
      std::iota(step.permutation.begin(), step.permutation.end(), Index{0});
      shuffle(random, step.permutation.data(), description.units);
      for (Index unit = 0; unit < description.units; ++unit) {
        if (description.symmetry == UnitSymmetry::ExchangeAndNegate && below(random, 2) == 1) {
          step.negated.push_back(unit);
        }
      }
      layers.push_back(step);
    }
  }

  template <class Net, class V>
  void apply(const Net& net, V& numbers) const {
    for (const Layer& step : layers) {
      for (const Index unit : step.negated) negate_unit(net, step.layer, unit, numbers);
      permute_units(net, step.layer, step.permutation, numbers);
    }
  }
};

}  // namespace topologies
