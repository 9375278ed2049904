// SPDX-License-Identifier: MIT
// Minima and numbers of evaluations against those of scipy's L-BFGS-B (tests/reference/lbfgs.py).
#include <cmath>
#include <string>

#include "backfold/backfold.hpp"
#include "backfold/second_order/fit_lbfgs.hpp"
#include "catch.hpp"
#include "reference/reference.hpp"
#include "test_functions.hpp"

using namespace backfold;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

/// Compares a result with scipy's, which ends at gradients below 1e-8 too. @param distance of the
/// two minimisers: about 1e-8 over the least curvature
void check_minimum(const Reference& reference, const std::string& name,
                   const LbfgsResult<double>& found, double distance) {
  INFO(name << ": " << found.evaluations << " evaluations, E " << found.error);
  CHECK(found.status == LbfgsStatus::SmallGradient);
  CHECK(std::abs(found.error - reference.number(name + ".E")) < 1e-12);
  CHECK((found.w - reference[name + ".w"]).cwiseAbs().maxCoeff() < distance);
  CHECK(double(found.evaluations) < 1.25 * reference.number(name + ".evaluations") + 5);
}

template <class F>
void check_function(const Reference& reference, const std::string& name, F function,
                    double distance) {
  const VectorXd start = reference[name + ".start"];
  check_minimum(reference, name, minimize(function, start), distance);
}

template <class Net, class L>
void check_network(const Reference& reference, const std::string& name, L loss, double distance) {
  const MatrixXd X = reference[name + ".X"], Z = reference[name + ".Z"];
  Net net;
  net.parameters() = reference[name + ".start"];
  Workspace workspace(net, X.cols());
  const double E = loss_of(net, loss, Samples(X, Z), workspace, {.reduction = Reduction::Mean});
  CHECK(E == Approx(reference.number(name + ".E_start")).epsilon(1e-14));
  const LbfgsResult<double> found = fit_lbfgs(net, loss, Samples(X, Z));
  CHECK(net.parameters() == found.w);
  check_minimum(reference, name, found, distance);
}

}  // namespace

TEST_CASE("L-BFGS ends at scipy's minima after as many evaluations, a quarter more at most") {
  const Reference reference("lbfgs");
  check_function(reference, "rosenbrock_2", Rosenbrock{}, 1e-8);
  check_function(reference, "rosenbrock_10", Rosenbrock{}, 1e-8);
  check_function(reference, "beale", Beale{}, 1e-8);
  check_function(reference, "wood", Wood{}, 1e-8);
  check_function(reference, "powell", Powell{}, 1e-3);  // no curvature along two directions
}

TEST_CASE("L-BFGS trains networks to scipy's minima from the same starts", "[training]") {
  const Reference reference("lbfgs");
  using Logistic = Mlp<double, Input<3>, Dense<1, Sigmoid>>;
  check_network<Logistic>(reference, "logistic", BinaryCrossEntropy{}, 1e-6);
  using Net = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Linear>>;
  check_network<Net>(reference, "network", HalfSquaredError{}, 1e-4);
}
