// SPDX-License-Identifier: MIT
// oneDNN's product, which is row-major: Yᵀ = Xᵀ·Wᵀ.
#include <dnnl.h>

#include "products.hpp"

namespace {

struct OneDnn {
  using M = Eigen::MatrixXf;
  static void forward(const M& W, const M& X, M& Y) {
    dnnl_sgemm('N', 'N', Y.cols(), Y.rows(), W.cols(), 1, X.data(), X.rows(), W.data(), W.rows(), 0,
               Y.data(), Y.rows());
  }
  static void backward(const M& W, const M& D, M& Y) {
    dnnl_sgemm('N', 'T', Y.cols(), Y.rows(), W.rows(), 1, D.data(), D.rows(), W.data(), W.rows(), 0,
               Y.data(), Y.rows());
  }
  static void outer_product(const M& D, const M& X, M& G) {
    dnnl_sgemm('T', 'N', G.cols(), G.rows(), X.cols(), 1, X.data(), X.rows(), D.data(), D.rows(), 0,
               G.data(), G.rows());
  }
};

[[maybe_unused]] const bool registered = [] {
  const dnnl_version_t& v = *dnnl_version();
  benchmark::AddCustomContext("oneDNN", std::to_string(v.major) + "." + std::to_string(v.minor) +
                                            "." + std::to_string(v.patch));
  return register_products<OneDnn>("oneDNN");
}();

}  // namespace
