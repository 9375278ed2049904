// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "reference/reference.hpp"

// Networks compared with PyTorch's values: outputs, E, gradients of weights, inputs, initial state.

namespace reference {

namespace bf = backfold;
constexpr double tolerance = 1e-12;

/// The same network with all sizes Dynamic.
template <class Net>
struct Sized;
template <class S, class... Layers>
struct Sized<bf::Network<S, Layers...>> {
  using Type = bf::Network<S, typename Layers::template Resized<bf::Dynamic>...>;
};

template <class Net, class L>
void compare(Net net, const Reference& ref, const L& loss) {
  const auto batch = static_cast<bf::Index>(ref.number("batch"));
  const auto steps = static_cast<bf::Index>(ref.number("steps"));
  const Eigen::MatrixXd X = ref["X"];
  const Eigen::MatrixXd Z = ref["Z"];
  REQUIRE(net.parameter_count() == ref["w"].size());
  net.parameters() = ref["w"];

  bf::Sequences<double> data(X, Z, steps);
  Eigen::VectorXd weights;
  if (ref.has("weights")) {
    weights = ref["weights"];
    data.weights = weights.data();
    data.weight_count = weights.size();
  }
  Eigen::MatrixXd target_weights;
  if (ref.has("target_weights")) {
    target_weights = ref["target_weights"];
    data.target_weights = target_weights;
  }
  std::vector<bf::Index> lengths;
  if (ref.has("lengths")) {
    lengths = ref.indices("lengths");
    data.lengths = lengths.data();
  }
  if (Z.cols() != X.cols()) data.targets_at = bf::TargetsAt::LastStep;

  bf::Workspace<Net> workspace(net, batch, steps);
  bf::State<Net> initial(net, batch), d_initial(net, batch), final(net, batch);
  bf::for_each_index<Net::layer_count>([&](auto l) {
    constexpr int layer = l();
    const std::string name = "initial_" + std::to_string(layer) + "_";
    if constexpr (Net::Graph::history(layer) > 0) {
      for (int d = 1; d <= Net::Graph::history(layer); ++d) {
        if (ref.has(name + std::to_string(d))) {
          initial.template output<layer>(d) = ref[name + std::to_string(d)];
        }
      }
    }
    if constexpr (bf::State<Net>::template has_memory<layer>()) {
      if (ref.has(name + "c")) initial.template memory<layer>() = ref[name + "c"];
    }
  });

  Eigen::VectorXd g;
  Eigen::MatrixXd dX;
  const double E = bf::gradient_with_inputs(net, loss, data, workspace, g, dX,
                                            {.initial = &initial, .d_initial = &d_initial});
  CHECK(std::abs(E - ref.number("E")) <= tolerance * std::max(1.0, std::abs(E)));
  CHECK(difference(g, ref["g"]) <= tolerance);
  CHECK(difference(dX, ref["dX"]) <= tolerance);
  bf::for_each_index<Net::layer_count>([&](auto l) {
    constexpr int layer = l();
    const std::string name = "dinitial_" + std::to_string(layer) + "_";
    if constexpr (Net::Graph::history(layer) > 0) {
      for (int d = 1; d <= Net::Graph::history(layer); ++d) {
        if (ref.has(name + std::to_string(d))) {
          CHECK(difference(d_initial.template output<layer>(d), ref[name + std::to_string(d)]) <=
                tolerance);
        }
      }
    }
    if constexpr (bf::State<Net>::template has_memory<layer>()) {
      if (ref.has(name + "c")) {
        CHECK(difference(d_initial.template memory<layer>(), ref[name + "c"]) <= tolerance);
      }
    }
  });

  const Eigen::MatrixXd Y = bf::run(net, X, steps, workspace, &initial, &final);
  CHECK(difference(Y, ref["Y"]) <= tolerance);
  // One step at a time gives the same.
  if constexpr (Net::Graph::is_recurrent) {
    for (bf::Index t = 0; t < steps; ++t) {
      const Eigen::MatrixXd y = bf::step(net, X.middleCols(t * batch, batch), initial);
      CHECK(difference(y, ref["Y"].middleCols(t * batch, batch)) <= tolerance);
    }
  }
}

/// @param net of fixed sizes; it is compared as it is and with all sizes Dynamic
template <class Net, class L>
void check(const Net& net, const std::string& name, const L& loss) {
  INFO(name);
  const Reference ref(name);
  compare(net, ref, loss);
  compare(typename Sized<Net>::Type(net), ref, loss);
}

template <class... Layers>
void check_mlp(const char* name, const auto& loss, const Layers&... layers) {
  check(bf::Mlp<double, Layers...>(layers...), std::string("networks/") + name, loss);
}
template <class... Layers>
void check_rnn(const char* name, const auto& loss, const Layers&... layers) {
  check(bf::Rnn<double, Layers...>(layers...), std::string("sequences/") + name, loss);
}

template <bf::Index N>
using In = bf::Input<N>;
template <bf::Index N, class... Options>
using TanhLayer = bf::Dense<N, bf::Tanh, Options...>;
template <bf::Index N, class... Options>
using SigmoidLayer = bf::Dense<N, bf::Sigmoid, Options...>;
template <bf::Index N, class... Options>
using LinearLayer = bf::Dense<N, bf::Linear, Options...>;
template <bf::Index N, class... Options>
using SoftmaxLayer = bf::Dense<N, bf::Softmax, Options...>;

}  // namespace reference
