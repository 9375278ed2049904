// SPDX-License-Identifier: MIT
// libxsmm's products at their best: compiled for their sizes, and kept. Its own compiled products
// take no transposed first operand, so that one is transposed first.
#include <libxsmm.h>

#include "products.hpp"

namespace {

class Xsmm {
 public:
  using M = Eigen::MatrixXf;
  void forward(const M& W, const M& X, M& Y) {
    product(LIBXSMM_GEMM_FLAG_NONE, W.cols(), W.data(), W.rows(), X, Y);
  }
  void backward(const M& W, const M& D, M& Y) {
    if (transposed_.size() == 0) transposed_.resize(W.cols(), W.rows());
    libxsmm_otrans(transposed_.data(), W.data(), sizeof(float), integer(W.rows()),
                   integer(W.cols()), integer(W.rows()), integer(W.cols()));
    product(LIBXSMM_GEMM_FLAG_NONE, W.rows(), transposed_.data(), W.cols(), D, Y);
  }
  void outer_product(const M& D, const M& X, M& G) {
    product(LIBXSMM_GEMM_FLAG_TRANS_B, X.cols(), D.data(), D.rows(), X, G);
  }

 private:
  static libxsmm_blasint integer(Eigen::Index i) { return libxsmm_blasint(i); }
  void product(int flags, Eigen::Index depth, const float* A, Eigen::Index lda, const M& B, M& Y) {
    if (kernel_ == nullptr) {
      const libxsmm_blasint strides[3] = {integer(lda), integer(B.rows()), integer(Y.rows())};
      const float one = 1;
      const float zero = 0;
      kernel_ =
          libxsmm_smmdispatch(integer(Y.rows()), integer(Y.cols()), integer(depth), &strides[0],
                              &strides[1], &strides[2], &one, &zero, &flags, nullptr);
    }
    kernel_(A, B.data(), Y.data());
  }

  libxsmm_smmfunction kernel_ = nullptr;
  M transposed_;
};

[[maybe_unused]] const bool registered = [] {
  libxsmm_init();
  benchmark::AddCustomContext("libxsmm", LIBXSMM_CONFIG_VERSION);
  return register_products<Xsmm>("libxsmm");
}();

}  // namespace
