// SPDX-License-Identifier: MIT
#include "backfold/data/class_weights.hpp"

#include <limits>
#include <vector>

#include "backfold/activation/sigmoid.hpp"
#include "backfold/activation/softmax.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/layer/input.hpp"
#include "backfold/loss/binary_cross_entropy.hpp"
#include "backfold/loss/categorical_cross_entropy.hpp"
#include "catch.hpp"
#include "reference/reference.hpp"
#include "said.hpp"

using namespace backfold;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

using Three = Mlp<double, Input<2>, Dense<3, Softmax>>;
using Two = Mlp<double, Input<2>, Dense<1, Sigmoid>>;

template <class Net, class L>
void check_weighted(const L& loss, const MatrixXd& Z, const VectorXd& weights, const Reference& ref,
                    const std::string& suffix) {
  Net net;
  net.parameters() = ref["w" + suffix];
  const MatrixXd X = ref["X"];
  const Samples data(X, Z, weights);
  Workspace workspace(net, 9);
  VectorXd g;
  CHECK(gradient(net, loss, data, workspace, g) == Approx(ref.number("E" + suffix)).epsilon(1e-13));
  CHECK(difference(g, ref["g" + suffix]) < 1e-12);
  CHECK(loss_of(net, loss, data, workspace) == Approx(ref.number("E" + suffix)).epsilon(1e-13));
}

}  // namespace

TEST_CASE("balanced weights are scikit-learn's, and weighted losses PyTorch's") {
  const Reference ref("class_weights");
  const auto labels = ref.indices("labels");
  const VectorXd of_class = balanced_weights<double>(labels, 3);
  CHECK(difference(of_class, ref["balanced"]) < 1e-15);
  const MatrixXd Z = one_hot<double>(labels, 3);
  check_weighted<Three>(CategoricalCrossEntropy{}, Z, sample_weights(of_class, labels), ref, "");

  const MatrixXd yes = Z.row(0);
  const VectorXd of_two = balanced_weights<double>(labels_of(yes), 2);
  CHECK(difference(of_two, ref["balanced_two"]) < 1e-15);
  check_weighted<Two>(BinaryCrossEntropy{}, yes, sample_weights(of_two, labels_of(yes)), ref,
                      "_two");
}

TEST_CASE("balanced weights give each class the same sum, and samples a mean of 1") {
  const std::vector<unsigned char> labels{3, 0, 1, 1, 2, 3, 3, 3, 0};
  const Eigen::VectorXf weights = sample_weights(balanced_weights<float>(labels, 4), labels);
  VectorXd sums = VectorXd::Zero(4);
  for (Index s = 0; s < 9; ++s) sums[labels[static_cast<std::size_t>(s)]] += double(weights[s]);
  CHECK(difference(sums, VectorXd::Constant(4, 9 / 4.0)) < 1e-6);
  CHECK(weights.mean() == Approx(1).epsilon(1e-6));
  CHECK(balanced_weights<double>(std::vector<int>{0, 0}, 1)[0] == 1);
}

TEST_CASE("a mean over weighted samples is by the number of those that have a weight") {
  const std::vector<int> labels{0, 1, 0, 2, 1, 0};
  const VectorXd weights = sample_weights(Eigen::Vector3d(2, 0.5, 0), labels);
  const MatrixXd X = MatrixXd::Ones(2, 6), Z = one_hot<double>(labels, 3);
  Three net;
  net.parameters().setLinSpaced(-0.4, 0.4);
  const Samples data(X, Z, weights);
  Workspace workspace(net, 6);
  const double sum = loss_of(net, CategoricalCrossEntropy{}, data, workspace);
  CHECK(loss_of(net, CategoricalCrossEntropy{}, data, workspace, {.reduction = Reduction::Mean}) ==
        Approx(sum / 5));
}

TEST_CASE("wrong weights and labels are refused, and say why") {
  const std::vector<int> labels{0, 1, 3};
  CHECK(said([&] { (void)balanced_weights<double>(labels, 3); }) ==
        "balanced_weights: label 2 is 3, expected 0 to 2");
  CHECK(said([&] { (void)balanced_weights<double>(labels, 4); }) ==
        "balanced_weights: class 2 has no sample");
  CHECK(said([&] { (void)balanced_weights<double>(labels, 0); }) ==
        "balanced_weights: needs at least one class, got 0");
  CHECK(said([&] { (void)sample_weights(Eigen::Vector2d(1, 1), labels); }) ==
        "sample_weights: label 2 is 3, expected 0 to 1");
  CHECK(said([&] { (void)sample_weights(Eigen::Vector2d(1, -2), labels); }) ==
        "sample_weights: the weight of class 1 is -2, expected a finite number >= 0");
  const std::vector<int> no_third{0, 1, 0};
  CHECK(said([&] { (void)sample_weights(Eigen::Vector4d(1, 2, 3, 4), no_third, 3); }) ==
        "sample_weights: expected 3 weights, one for each class, got 4");
  CHECK(said([&] { (void)sample_weights(Eigen::Vector2d(1, 2), no_third, 3); }) ==
        "sample_weights: expected 3 weights, one for each class, got 2");
  CHECK(sample_weights(Eigen::Vector3d(1, 2, 3), no_third, 3) == Eigen::Vector3d(1, 2, 1));
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(said([&] { (void)sample_weights(Eigen::Vector2d(infinite, 1), labels); }).find("class 0") !=
        std::string::npos);
}
