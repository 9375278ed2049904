// SPDX-License-Identifier: MIT
// Debian's OpenBLAS takes newer processors for an old one: set OPENBLAS_CORETYPE (the report does).
#include <cblas.h>

#include "products.hpp"

namespace {

struct OpenBlas {
  using M = Eigen::MatrixXf;
  static void product(CBLAS_TRANSPOSE a, CBLAS_TRANSPOSE b, Eigen::Index k, const M& A, const M& B,
                      M& Y) {
    cblas_sgemm(CblasColMajor, a, b, int(Y.rows()), int(Y.cols()), int(k), 1, A.data(),
                int(A.rows()), B.data(), int(B.rows()), 0, Y.data(), int(Y.rows()));
  }
  static void forward(const M& W, const M& X, M& Y) {
    product(CblasNoTrans, CblasNoTrans, W.cols(), W, X, Y);
  }
  static void backward(const M& W, const M& D, M& Y) {
    product(CblasTrans, CblasNoTrans, W.rows(), W, D, Y);
  }
  static void outer_product(const M& D, const M& X, M& G) {
    product(CblasNoTrans, CblasTrans, X.cols(), D, X, G);
  }
};

[[maybe_unused]] const bool registered = [] {
  openblas_set_num_threads(1);
  const std::string config = openblas_get_config();  // "OpenBLAS 0.3.21 ..."
  benchmark::AddCustomContext(
      "OpenBLAS", config.substr(9, config.find(' ', 9) - 9) + " for " + openblas_get_corename());
  return register_products<OpenBlas>("OpenBLAS");
}();

}  // namespace
