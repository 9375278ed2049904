// SPDX-License-Identifier: MIT
// The three products of training, compared with Eigen's.
#include <array>
#include <string>

#include "backfold/core/product.hpp"
#include "products.hpp"

using namespace backfold;

namespace {

struct Ours {
  Vector<float> scratch;
  template <class A>
  static auto view(A& a) {
    return MatrixView<float>(a.data(), a.rows(), a.cols());
  }
  void forward(Eigen::MatrixXf& W, Eigen::MatrixXf& X, Eigen::MatrixXf& Y) {
    detail::affine(view(W), view(X), view(Y), detail::StartAtZero{}, Unchanged{}, room(W, X));
  }
  void backward(Eigen::MatrixXf& W, Eigen::MatrixXf& D, Eigen::MatrixXf& Y) {
    back(view(W), view(D), view(Y), detail::StartAtZero{}, room(W, D));
  }
  void outer_product(Eigen::MatrixXf& D, Eigen::MatrixXf& X, Eigen::MatrixXf& G) {
    detail::outer(view(D), view(X), view(G), room(G, X));
  }
  float* room(const Eigen::MatrixXf& W, const Eigen::MatrixXf& X) {
    const Index needed = detail::product_scratch<float>(W.rows(), W.cols(), X.cols());
    if (scratch.size() < needed) scratch.resize(needed);
    return scratch.data();
  }
};

struct Eigens {
  static void forward(Eigen::MatrixXf& W, Eigen::MatrixXf& X, Eigen::MatrixXf& Y) {
    Y.noalias() = W * X;
  }
  static void backward(Eigen::MatrixXf& W, Eigen::MatrixXf& D, Eigen::MatrixXf& Y) {
    Y.noalias() = W.transpose() * D;
  }
  static void outer_product(Eigen::MatrixXf& D, Eigen::MatrixXf& X, Eigen::MatrixXf& G) {
    G.noalias() = D * X.transpose();
  }
};

[[maybe_unused]] const bool registered =
    register_products<Ours>("backfold") && register_products<Eigens>("Eigen");

}  // namespace
