// SPDX-License-Identifier: MIT
// libxsmm's products, compiled for their sizes when they run.
#include <libxsmm.h>

#include "products.hpp"

namespace {

struct Xsmm {
  using M = Eigen::MatrixXf;
  static void product(char a, char b, Eigen::Index depth, const M& A, const M& B, M& Y) {
    const libxsmm_blasint m = libxsmm_blasint(Y.rows());
    const libxsmm_blasint n = libxsmm_blasint(Y.cols());
    const libxsmm_blasint k = libxsmm_blasint(depth);
    const libxsmm_blasint lda = libxsmm_blasint(A.rows());
    const libxsmm_blasint ldb = libxsmm_blasint(B.rows());
    const float one = 1;
    const float zero = 0;
    libxsmm_sgemm(&a, &b, &m, &n, &k, &one, A.data(), &lda, B.data(), &ldb, &zero, Y.data(), &m);
  }
  static void forward(const M& W, const M& X, M& Y) { product('N', 'N', W.cols(), W, X, Y); }
  static void backward(const M& W, const M& D, M& Y) { product('T', 'N', W.rows(), W, D, Y); }
  static void outer_product(const M& D, const M& X, M& G) { product('N', 'T', X.cols(), D, X, G); }
};

[[maybe_unused]] const bool registered = [] {
  libxsmm_init();
  benchmark::AddCustomContext("libxsmm", LIBXSMM_CONFIG_VERSION);
  return register_products<Xsmm>("libxsmm");
}();

}  // namespace
