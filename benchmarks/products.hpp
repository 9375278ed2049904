// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <array>
#include <string>

#include "machine.hpp"

/// Registers W·X, Wᵀ·D and D·Xᵀ by a library, W m × k, for a batch of n. Checked against Eigen's
/// before they are timed.
template <class Library>
bool register_products(const std::string& who) {
  using Eigen::Index;
  using Eigen::MatrixXf;
  using Sizes = std::array<Index, 3>;
  for (const auto& [m, k, n] :
       {Sizes{128, 784, 32}, Sizes{32, 32, 32}, Sizes{128, 784, 128}, Sizes{1024, 1024, 128},
        Sizes{8, 2, 4}, Sizes{64, 64, 64}, Sizes{1024, 784, 128}, Sizes{64, 64, 256},
        Sizes{128, 128, 3200}, Sizes{128, 32, 3200}, Sizes{32, 128, 3200}, Sizes{512, 128, 3200},
        Sizes{384, 128, 3200}}) {
    for (const std::string kind : {"W.X", "Wt.D", "D.Xt"}) {
      // The weight gradients of 100 steps of a recurrent layer; its other products are single
      // steps.
      if (n == 3200 && kind != "D.Xt") continue;
      const std::string name = "product/" + kind + "/" + std::to_string(m) + "x" +
                               std::to_string(k) + "x" + std::to_string(n) + "/" + who;
      benchmark::RegisterBenchmark(
          name.c_str(), [m = m, k = k, n = n, kind](benchmark::State& state) {
            Library library;
            MatrixXf W = MatrixXf::Random(m, k);
            MatrixXf X = MatrixXf::Random(k, n);
            MatrixXf D = MatrixXf::Random(m, n);
            const bool forward = kind == "W.X";
            const bool backward = kind == "Wt.D";
            MatrixXf result(forward ? m : backward ? k : m, forward || backward ? n : k);
            auto multiply = [&] {
              if (forward) {
                library.forward(W, X, result);
              } else if (backward) {
                library.backward(W, D, result);
              } else {
                library.outer_product(D, X, result);
              }
            };
            multiply();
            const MatrixXf expected = forward    ? MatrixXf(W * X)
                                      : backward ? MatrixXf(W.transpose() * D)
                                                 : MatrixXf(D * X.transpose());
            if (!result.isApprox(expected, 1e-4f)) {
              return state.SkipWithError("another product than Eigen's");
            }
            const Meter<float> meter(state, double(m * k * n), 1);
            for (auto _ : state) {
              multiply();
              benchmark::ClobberMemory();
            }
          });
    }
  }
  return true;
}
