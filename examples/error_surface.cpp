// SPDX-License-Identifier: MIT
// The error surface of a small network over two weights: equivalent optima, saddles, a maximum and
// plateaus, found by Newton's method and classified by the Hessian's eigenvalues. Then learning
// curves: the learning rate and the momentum, online and batch learning, sigmoid and ReLU.
//
//     error_surface [folder] [--quick]
#include <backfold/analysis/symmetry.hpp>
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "error_surface_net.hpp"
#include "error_surface_pictures.hpp"
#include "error_surface_training.hpp"
#include "learning_curve.hpp"
#include "picture.hpp"

namespace bf = backfold;

namespace {

int failures = 0;

void expect(bool holds, const char* claim) {
  if (holds) return;
  ++failures;
  std::printf("WRONG: %s\n", claim);
}

// The surface.

/// Prints the stationary points, and holds them to what theory says of them.
NewtonSearch classify(ErrorSurface& surface, int side) {
  const NewtonSearch search = stationary_points(surface, 3, side);
  std::printf("Newton's method on grad E = 0 from %d starts: %zu points, %d starts lost\n",
              search.starts, search.points.size(), search.lost);
  std::printf("%9s %9s %9s %8s %19s  %-8s %s\n", "w1", "w2", "E", "|grad E|", "eigenvalues", "kind",
              "starts");
  int minima = 0, saddles = 0, maxima = 0;
  for (const StationaryPoint& p : search.points) {
    const std::string kind = p.kind();
    std::printf("%9.4f %9.4f %9.6f %8.0e %9.4f %9.4f  %-8s %d\n", p.w[0], p.w[1], p.error, p.slope,
                p.eigenvalues[0], p.eigenvalues[1], p.kind(), p.starts);
    minima += kind == "minimum";
    saddles += kind == "saddle";
    maxima += kind == "maximum";
    expect(p.slope < 1e-11, "a stationary point has a gradient");
    expect(kind == "minimum" || std::abs(p.w[0] - p.w[1]) < 1e-8,
           "a saddle or the maximum is not on the axis w1 = w2");
  }
  for (const Plateau& plateau : plateaus) {
    const Eigen::Vector2d w = plateau.w;
    const StationaryPoint p = point_at(surface, w);
    std::printf("%9.4f %9.4f %9.6f %8.0e %9.4f %9.4f  plateau\n", w[0], w[1], p.error, p.slope,
                p.eigenvalues[0], p.eigenvalues[1]);
    expect(p.slope < plateau_slope && p.error > plateau_error, "a plateau is not flat");
  }
  expect(minima == 2 && saddles == 2 && maxima == 1, "not two minima, two saddles and a maximum");
  if (minima != 2) return search;
  const auto a = surface.network(search.points[0].w), b = surface.network(search.points[1].w);
  expect((search.points[0].w - surface.truth).norm() < 1e-8, "the targets' weights are no optimum");
  expect(bf::equivalent(a, b, 1e-8), "the two optima are not equivalent networks");
  std::printf("The minima are equivalent, 2 of the %s equivalent networks of all six parameters.\n",
              bf::equivalent_count(a).c_str());
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> whole(
      surface.whole_hessian(search.points[0].w));
  std::printf("Over all six, the Hessian's eigenvalues at a minimum go from %.1e to %.2f.\n\n",
              whole.eigenvalues()[0], whole.eigenvalues()[5]);
  expect(whole.eigenvalues()[0] > 0, "the optimum is not one over all parameters");
  return search;
}

/// Gradient descent with η = 1 from starts that meet a saddle, a plateau, or neither.
std::vector<Descent> descents(ErrorSurface& surface, const NewtonSearch& search) {
  const auto from = [&](const char* label, double w1, double w2) {
    return descend(surface, label, {w1, w2}, {.learning_rate = 1, .momentum = 0}, 600);
  };
  std::vector<Descent> all{from("from (1, −2), inside a basin", 1, -2),
                           from("from (2, 2), on the axis: it ends in the saddle", 2, 2),
                           from("from (2, 2.001), next to the axis", 2, 2.001),
                           from("from (7, 7.2), on a plateau", 7, 7.2)};
  std::printf("Gradient descent, learning rate 1: steps until E < 0.001\n");
  for (const Descent& d : all) {
    std::printf("  from (%g, %g), E = %.2f: %d, last E = %.1e\n", d.points[0][0], d.points[0][1],
                d.curve.errors.front(), steps_to(d.curve.errors, 1e-3), d.curve.errors.back());
  }
  const auto steps = [&](std::size_t i) { return steps_to(all[i].curve.errors, 1e-3); };
  expect(std::abs(all[1].curve.errors[100] - search.points[2].error) < 1e-6,
         "on the axis, gradient descent does not end in the saddle");
  expect(steps(0) > 0 && steps(0) < steps(2) && steps(2) < steps(3),
         "a saddle or a plateau does not delay gradient descent");
  return all;
}

// Learning rate and momentum, from the eigenvalues at the optimum.

/// Three digits.
std::string digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

void rates_and_momenta(ErrorSurface& surface, const StationaryPoint& optimum) {
  const double low = optimum.eigenvalues[0], high = optimum.eigenvalues[1];
  const double best_rate = 2 / (low + high), small = 0.2 / high;
  const double best_momentum = std::pow(1 - std::sqrt(small * low), 2);
  std::printf("\nLearning rate: largest eigenvalue %.4f, so it must be below %.2f; best %.2f\n",
              high, 2 / high, best_rate);
  std::printf(
      "Momentum: best %.3f at the learning rate %.2f\nSteps until E < 1e-6 (-1: not in 400)\n",
      best_momentum, small);
  const auto panel = [&](const std::string& title, const std::vector<bf::Momentum>& settings,
                         const std::vector<const char*>& kinds, bool momentum) {
    Panel result{title, "steps τ, full batch", {}, 1e-8};
    for (std::size_t i = 0; i < settings.size(); ++i) {
      const std::string setting = momentum ? "μ = " + digits(settings[i].momentum)
                                           : "η = " + digits(settings[i].learning_rate);
      result.curves.push_back(
          descend(surface, setting + ": " + kinds[i], {2, -2.5}, settings[i], 400).curve);
      const std::vector<double>& errors = result.curves.back().errors;
      std::printf("  %s, %s: %d, last E = %.1e\n", setting.c_str(), kinds[i],
                  steps_to(errors, 1e-6), errors.back());
    }
    return result;
  };
  const std::vector<Panel> panels{
      panel("Learning rate, μ = 0",
            {{small / 4, 0}, {best_rate, 0}, {1.97 / high, 0}, {2.05 / high, 0}},
            {"too small", "right", "oscillating", "too large"}, false),
      panel("Momentum, η = " + digits(small),
            {{small, 0}, {small, best_momentum}, {small, 0.9}, {small, 0.97}},
            {"none", "right", "oscillating", "too large"}, true)};
  draw_curves("error_rates", panels);
  const auto steps = [&](int p, int i) {
    const int n = steps_to(panels[std::size_t(p)].curves[std::size_t(i)].errors, 1e-6);
    return n < 0 ? 1000 : n;
  };
  expect(steps(0, 1) < steps(0, 2) && steps(0, 2) < steps(0, 0) && steps(0, 3) == 1000,
         "the learning rates do not behave as the eigenvalues say");
  expect(steps(1, 1) < steps(1, 2) && steps(1, 2) < steps(1, 0) && steps(1, 3) > steps(1, 0),
         "the momenta do not behave as the eigenvalues say");
}

// Online and batch learning.

void batches(bool quick) {
  constexpr double bound = 0.012;
  const int epochs = 300, starts = quick ? 1 : 9;
  const auto run = [&](const char* label, bf::Index batch, double rate, double final_rate) {
    return in_batches(label, batch, rate, final_rate, epochs, starts);
  };
  const std::vector<Runs> all{
      run("all 200 samples a step, η = 0.5", bf::full_batch, 0.5, 1),
      run("10 samples a step, η = 0.1", 10, 0.1, 1), run("online, η = 0.01", 1, 0.01, 1),
      run("online, η = 0.1", 1, 0.1, 1), run("online, η from 0.1 down to 0.001", 1, 0.1, 0.01)};
  std::printf("\nOnline and batch learning, median of %d starts: epochs until E < %g, last E\n",
              starts, bound);
  Panel panel{"A net 1-8-1, 200 noisy samples",
              "epochs",
              {},
              5e-3,
              "set yrange [0.005:0.05]\nset format y '%g'\nset ytics (0.005, 0.01, 0.02, 0.05)\n"};
  for (const Runs& runs : all) {
    std::printf("  %s: %d, %.4f\n", runs.label.c_str(), runs.epochs_to(bound), runs.last());
    panel.curves.push_back({runs.label, runs.errors[runs.middle(bound)]});
  }
  const Runs divergent = run("", bf::full_batch, 1, 1);
  std::printf("  all 200 samples a step, η = 1: last E %.2g\n", divergent.last());
  draw_curves("error_online", {panel});
  const auto needed = [&](std::size_t i) { return all[i].epochs_to(bound); };
  expect(needed(2) > 0 && (needed(0) < 0 || needed(2) < needed(0)),
         "online learning does not need fewer epochs than batch learning");
  expect(all[4].last() < all[3].last(), "a falling learning rate does not settle online learning");
}

// Sigmoid, tanh and ReLU.

template <int HiddenLayers>
Panel activations(bool quick) {
  constexpr double bound = 0.05;
  const int epochs = quick ? 120 : 400, starts = quick ? 1 : 5;
  const std::vector<Runs> all{
      with_activation<bf::Sigmoid, HiddenLayers>("sigmoid", bf::Glorot{}, bound, epochs, starts),
      with_activation<bf::Tanh, HiddenLayers>("tanh", bf::Glorot{}, bound, epochs, starts),
      with_activation<bf::Relu, HiddenLayers>("ReLU", bf::He{}, bound, epochs, starts)};
  std::printf("\nHidden layers: %d, median of %d starts: epochs until E < %g\n", HiddenLayers,
              starts, bound);
  Panel panel{"Hidden layers: " + std::to_string(HiddenLayers), "epochs", {}, 1e-3};
  for (const Runs& runs : all) {
    std::printf("  %s: %d\n", runs.label.c_str(), runs.epochs_to(bound));
    panel.curves.push_back({runs.label, runs.errors[runs.middle(bound)]});
  }
  const int sigmoid = all[0].epochs_to(bound), relu = all[2].epochs_to(bound);
  if (HiddenLayers > 1) {
    expect(relu > 0 && (sigmoid < 0 || relu < sigmoid), "ReLU is not faster than sigmoid");
  }
  if (sigmoid > 0 && relu > 0)
    std::printf("  sigmoid to ReLU: %.1f times\n", double(sigmoid) / relu);
  return panel;
}

int run(const std::string& folder, bool quick) {
  std::filesystem::create_directories(folder);
  std::filesystem::current_path(folder);  // scripts name their files without a folder
  ErrorSurface surface;
  const NewtonSearch search = classify(surface, quick ? 13 : 25);
  if (failures > 0) return 1;
  draw_surface(surface, search, descents(surface, search), quick ? 41 : 81);
  rates_and_momenta(surface, search.points[0]);
  batches(quick);
  draw_curves("error_activations", {activations<1>(quick), activations<3>(quick)});
  if (!has_gnuplot()) {
    std::printf(
        "No pictures: gnuplot is not installed (on Debian: gnuplot-nox). In %s,\n"
        "`gnuplot NAME.gp` draws NAME.svg.\n",
        folder.c_str());
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = "pictures";
  bool quick = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else {
      folder = folder_of(argv[i], "error_surface [folder] [--quick]");
    }
  }
  try {
    return run(folder, quick);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error_surface: %s\n", error.what());
    return 1;
  }
}
