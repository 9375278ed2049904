// SPDX-License-Identifier: MIT
// Optimizers' paths from one start: over surfaces with a local optimum, a saddle point, a narrow
// valley, and over the error of a network that separates two spirals. Writes pictures and a page
// that plays the paths.
//
//     optimizer_paths [folder] [--quick]
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <backfold/backfold.hpp>
#include <backfold/second_order/least_squares.hpp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arguments.hpp"
#include "contours.hpp"
#include "learning_curve.hpp"
#include "optimizer_paths_page.hpp"
#include "optimizer_paths_surfaces.hpp"
#include "picture.hpp"

#ifdef BACKFOLD_EXAMPLE_CLI11
#include <CLI/CLI.hpp>
#endif

namespace bf = backfold;

namespace {

// The compared optimizers.

using AnyOptimizer =
    std::variant<bf::Sgd, bf::Momentum, bf::Nesterov, bf::RmsProp, bf::Adam, bf::Rprop>;
constexpr int optimizer_count = 6;
constexpr const char* optimizer_names[] = {"SGD",     "Momentum", "Nesterov",
                                           "RMSprop", "Adam",     "Rprop"};
constexpr const char* optimizer_colours[] = {"#111111", "#d81b2a", "#1560d4", "#178a3c",
                                             "#9c27b0", "#e88a00", "#00a5b5"};  // and the next
constexpr const char* least_squares_name = "Levenberg-Marquardt";

/// One of the optimizers, by its place in the list. μ is the momentum and Adam's β1; η is Rprop's
/// first step.
AnyOptimizer make_optimizer(int which, double rate, double mu) {
  switch (which) {
    case 0:
      return bf::Sgd{.learning_rate = rate};
    case 1:
      return bf::Momentum{.learning_rate = rate, .momentum = mu};
    case 2:
      return bf::Nesterov{.learning_rate = rate, .momentum = mu};
    case 3:
      return bf::RmsProp{.learning_rate = rate};
    case 4:
      return bf::Adam{.learning_rate = rate, .beta1 = mu};
    default:
      return bf::Rprop{.learning_rate = rate};
  }
}

/// Where an optimizer has been.
struct Path {
  Eigen::MatrixXd points;      // column i after i steps
  std::vector<double> errors;  // E there
  Eigen::Index steps() const { return points.cols() - 1; }
  Eigen::VectorXd end() const { return points.col(steps()); }
};

/// Steps of an optimizer from a start. The path ends early where E is no longer finite.
Path follow(const AnyOptimizer& any, const Objective& objective, const Eigen::VectorXd& start,
            int steps) {
  Path path;
  path.points.resize(start.size(), steps + 1);
  Eigen::VectorXd w = start, gradient(start.size());
  std::visit(
      [&](const auto& optimizer) {
        auto state = bf::start<double>(optimizer, w.size());
        for (int i = 0; i <= steps; ++i) {
          path.points.col(i) = w;
          path.errors.push_back(objective(w.data(), gradient.data()));
          if (i < steps && !std::isfinite(optimizer.step(w.data(), objective, state))) break;
        }
      },
      any);
  path.points.conservativeResize(Eigen::NoChange, Eigen::Index(path.errors.size()));
  return path;
}

Path follow(const Surface& surface, int which, double rate, double mu, int steps) {
  return follow(make_optimizer(which, rate, mu), surface.objective, surface.start, steps);
}

/// Steps of Levenberg-Marquardt to the optimum: each run allows one step more than the one before.
Path follow_least_squares(const Surface& surface) {
  Path path;
  const auto add = [&](const Eigen::Vector2d& w) {
    path.points.conservativeResize(2, path.points.cols() + 1);
    path.points.rightCols<1>() = w;
    path.errors.push_back(surface.error(w));
  };
  add(surface.start);
  for (bool ended = false; !ended;) {
    const bf::Index steps = path.points.cols();
    const auto found = bf::least_squares(surface.residual, surface.start, {.iterations = steps});
    ended = found.status != bf::LeastSquaresStatus::Iterations;
    if (!ended || path.end() != found.w) add(found.w);
  }
  return path;
}

// What must hold.

int failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  ++failures;
  std::printf("WRONG: %s\n", what.c_str());
}

void check_surface(const Surface& surface) {
  // Points off the picture's symmetries.
  for (const double part : {0.13, 0.37, 0.71}) {
    const Eigen::Vector2d w =
        surface.low + part * (surface.high - surface.low) + Eigen::Vector2d(0.1, -0.2 * part);
    Eigen::Vector2d gradient, differences;
    const double E = surface.objective(w.data(), gradient.data());
    if (surface.residual) {
      Eigen::VectorXd r;
      surface.residual(w, r);
      expect(std::abs(r.squaredNorm() / 2 - E) < 1e-12 * (1 + E),
             surface.title + ": E is not half the sum of the squared residuals");
    }
    for (int i = 0; i < 2; ++i) {
      const Eigen::Vector2d h = 1e-5 * Eigen::Vector2d::Unit(i);
      differences(i) = (surface.error(w + h) - surface.error(w - h)) / 2e-5;
    }
    expect((gradient - differences).norm() < 1e-6 * (1 + gradient.norm()),
           surface.title + ": the gradient is not that of E");
  }
  for (const auto* points : {&surface.optima, &surface.saddles}) {
    for (const Eigen::Vector2d& w : *points) {
      Eigen::Vector2d gradient;
      surface.objective(w.data(), gradient.data());
      expect(gradient.norm() < 1e-12, surface.title + ": a marked point has a gradient");
      const Eigen::Matrix2d H = hessian(surface, w);
      expect(points == &surface.optima ? H.determinant() > 0 && H.trace() > 0 : H.determinant() < 0,
             surface.title + ": a marked point is not what it is said to be");
      expect(surface.error(w) >= surface.least_error() - 1e-12,
             surface.title + ": the first optimum is not the best");
    }
  }
}

/// What the lecture says of the optimizers.
void check_optimizers() {
  const Surface valley = convex_valley();
  for (int which = 0; which < optimizer_count; ++which) {
    const std::string name = optimizer_names[which];
    const auto rate = [&](const Surface& surface) { return surface.rates[size_t(which)]; };

    // With a constant η, RMSprop goes around the optimum at a distance of about η.
    const Path path = follow(valley, which, rate(valley), 0.9, 1000);
    expect(path.end().norm() < (which == 3 ? rate(valley) : 1e-5),
           name + " does not end in the optimum of the convex valley");

    Surface ridge = saddle();
    ridge.start(1) = 0;  // no derivative across the ridge
    const Path stuck = follow(ridge, which, rate(ridge), 0.9, 1000);
    expect((stuck.points.row(1).array() == 0).all(), name + " leaves the ridge without a gradient");
    expect(stuck.end().norm() < (which == 3 ? rate(ridge) : 1e-5),
           name + " does not end in the saddle when it starts on the ridge");
    ridge.start(1) = 1e-6;
    const Path free = follow(ridge, which, rate(ridge), 0.9, 1000);
    expect((free.end() - ridge.optima[0]).norm() < (which == 3 ? rate(ridge) : 1e-5),
           name + " does not leave the saddle when it starts next to the ridge");
  }

  // Where each ends, by the order of the surface's optima.
  const auto ends_in = [](const Surface& surface, const std::array<size_t, 6>& optima) {
    for (int which = 0; which < optimizer_count; ++which) {
      const double rate = surface.rates[size_t(which)];
      const Path path = follow(surface, which, rate, 0.9, 1000);
      expect(
          (path.end() - surface.optima[optima[size_t(which)]]).norm() < (which == 3 ? rate : 1e-5),
          std::string(optimizer_names[which]) + " ends elsewhere: " + surface.title);
    }
  };
  ends_in(two_wells(), {1, 0, 0, 1, 1, 1});
  ends_in(three_optima(), {2, 2, 2, 0, 0, 0});

  for (const Surface& surface : {valley, saddle(), rosenbrock(), two_weights()}) {
    const Path path = follow_least_squares(surface);
    expect(path.steps() < 50 && path.errors.back() < 1e-12,
           std::string(least_squares_name) + " does not find the optimum: " + surface.title);
  }

  // Without momentum, both are gradient descent.
  const Surface narrow = rosenbrock();
  const Path plain = follow(narrow, 0, 5e-4, 0, 500);
  for (const int which : {1, 2}) {
    const Path other = follow(narrow, which, 5e-4, 0, 500);
    expect(other.steps() == 500 && other.points.isApprox(plain.points, 1e-12),
           std::string(optimizer_names[which]) + " without momentum is not gradient descent");
  }
  expect(valley.rates[1] == valley.rates[2] &&
             steps_to(follow(valley, 2, valley.rates[2], 0.9, 1000).errors, 1e-6) <
                 steps_to(follow(valley, 1, valley.rates[1], 0.9, 1000).errors, 1e-6),
         "Nesterov's look ahead does not damp the oscillation across the valley");
  expect(follow(narrow, 1, narrow.rates[1], 0.9, 5000).errors.back() <
             0.1 * follow(narrow, 0, narrow.rates[1], 0, 5000).errors.back(),
         "momentum is not faster than SGD of the same η along the narrow valley");
}

// Pictures.

using Objective2d = std::function<double(const Eigen::Vector2d&)>;

/// log10 of E above its least, over a rectangle, in rows from below.
Eigen::MatrixXd grid_of(const Objective2d& error, double least, const Eigen::Vector2d& low,
                        const Eigen::Vector2d& high, int size) {
  Eigen::MatrixXd grid(size, size);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const Eigen::Vector2d part = Eigen::Vector2d(x, y) / (size - 1);
      const double above = error(low + part.cwiseProduct(high - low)) - least;
      grid(x, y) = std::log10((std::max)(above, 1e-6));
    }
  }
  return grid;
}

/// Contours with paths on the left, error against steps on the right.
struct PathPicture {
  std::string name, title, x_label, y_label, steps_label, error_label;
  Eigen::Vector2d low, high;
  Eigen::MatrixXd grid;
  std::vector<std::string> labels;         // of the paths
  std::vector<Eigen::Matrix2Xd> paths;     // in the plane
  std::vector<std::vector<double>> above;  // E above its least, by steps
  std::vector<Eigen::Vector2d> optima, saddles;
  double error_floor;  // of the right side
};

/// Blocks: the start, optima, saddles, paths, errors, then E over the plane.
std::string data_of(const PathPicture& p) {
  std::string data;
  const auto row = [&](std::initializer_list<double> values) {
    for (const double value : values) data += number(value) + ' ';
    data += '\n';
  };
  const auto points = [&](const auto& list) {
    for (const Eigen::Vector2d& w : list) row({w(0), w(1)});
    data += "\n\n";
  };
  const Eigen::Vector2d extent = p.high - p.low;
  // A block must not be empty: a point outside the picture.
  const std::vector<Eigen::Vector2d> none{p.low - 1e3 * extent};
  points(std::vector<Eigen::Vector2d>{p.paths[0].col(0)});
  points(p.optima.empty() ? none : p.optima);
  points(p.saddles.empty() ? none : p.saddles);
  for (const Eigen::Matrix2Xd& path : p.paths) {
    std::vector<Eigen::Vector2d> distinct;
    for (Eigen::Index i = 0; i < path.cols(); ++i) {
      const Eigen::Vector2d w = path.col(i);
      if (distinct.empty() || i + 1 == path.cols() ||
          (w - distinct.back()).cwiseQuotient(extent).norm() > 0.003) {
        distinct.push_back(w);
      }
    }
    points(distinct);
  }
  for (const std::vector<double>& above : p.above) {
    for (const int i : shown_steps(int(above.size()) - 1, 1.02)) {
      row({double(i), (std::max)(above[size_t(i)], 1e-30)});  // 0 has no logarithm
    }
    data += "\n\n";
  }
  const double last = double(p.grid.rows() - 1);
  for (Eigen::Index y = 0; y < p.grid.cols(); ++y) {
    for (Eigen::Index x = 0; x < p.grid.rows(); ++x) {
      const Eigen::Vector2d w = p.low + extent.cwiseProduct(Eigen::Vector2d(x, y) / last);
      row({w(0), w(1), p.grid(x, y)});
    }
    data += '\n';
  }
  return data;
}

constexpr const char* path_script = R"(
@contours
set multiplot title '@title' noenhanced font ',17'
set tics font ',13'
set border linecolor rgb '#444444'
set tmargin at screen 0.9
set bmargin at screen 0.28
set lmargin at screen 0.09
set rmargin at screen 0.49
set xlabel '@x_label'
set ylabel '@y_label' offset 1
set xrange [@x_low:@x_high]
set yrange [@y_low:@y_high]
unset key
plot $contours using 1:2 with lines linecolor rgb '#b4bcc8' linewidth 0.8@paths, \
  '@file' index 0 with points pt 7 ps 0.9 lc rgb '#111111', \
  '@file' index 1 with points pt 3 ps 1.3 lw 2 lc rgb '#111111', \
  '@file' index 2 with points pt 8 ps 1.3 lw 2 lc rgb '#111111'

set lmargin at screen 0.58
set rmargin at screen 0.98
set xlabel '@steps_label'
set ylabel '@error_label'
set autoscale
set xrange [0:*]
set yrange [@floor:*]
set logscale y
set format y '10^{%L}'
set grid linecolor rgb '#e4e4e4'
unset key
plot @errors

@panel
set key center center horizontal maxcols 4 Left reverse samplen 2 width 2 font ',14'
plot @key
unset multiplot
)";

void draw_paths(const PathPicture& p) {
  const int count = int(p.paths.size());
  const std::string comma = ", \\\n  ";
  std::string paths, errors, key;
  for (int i = 0; i < count; ++i) {
    const std::string lines = " with lines lw 2 lc rgb '" + std::string(optimizer_colours[i]) + "'";
    const auto block = [](int index) { return "'@file' index " + std::to_string(index); };
    paths += comma + block(3 + i) + lines;
    errors += comma + block(3 + count + i) + lines;
    key += comma + "NaN" + lines + " title '" + p.labels[size_t(i)] + "'";
  }
  const auto mark = [&](const char* type, const char* title) {
    key += comma + "NaN with points ps 1.3 lw 2 lc rgb '#111111' pt " + type + " title '" + title +
           "'";
  };
  mark("7", "start");
  if (!p.optima.empty()) mark("3", "optimum");
  if (!p.saddles.empty()) mark("8", "saddle point");
  const std::string script =
      filled(path_script, {{"@contours", contour_script("@file", 3 + 2 * count, p.grid)},
                           {"@paths", paths},
                           {"@errors", errors.substr(comma.size())},
                           {"@panel", key_panel(0.17)},
                           {"@key", key.substr(comma.size())},
                           {"@file", "paths_" + p.name + ".dat"},
                           {"@title", p.title},
                           {"@x_label", p.x_label},
                           {"@y_label", p.y_label},
                           {"@steps_label", p.steps_label},
                           {"@error_label", p.error_label},
                           {"@x_low", number(p.low(0))},
                           {"@x_high", number(p.high(0))},
                           {"@y_low", number(p.low(1))},
                           {"@y_high", number(p.high(1))},
                           {"@floor", number(p.error_floor)}});
  draw("paths_" + p.name, 1000, 560, data_of(p), script);
}

std::string label(int which, double rate) {
  return std::string(optimizer_names[which]) + ", η = " + number(rate);
}

void draw_surface(const Surface& surface, int grid_size) {
  const double least = surface.least_error();
  PathPicture picture{.name = surface.name,
                      .title = surface.title + ":  E = " + surface.formula,
                      .x_label = "w_1",
                      .y_label = "w_2",
                      .steps_label = "steps τ",
                      .error_label = least == 0 ? "E" : "E − E(best optimum)",
                      .low = surface.low,
                      .high = surface.high,
                      .grid = grid_of([&](const Eigen::Vector2d& w) { return surface.error(w); },
                                      least, surface.low, surface.high, grid_size),
                      .labels = {},
                      .paths = {},
                      .above = {},
                      .optima = surface.optima,
                      .saddles = surface.saddles,
                      .error_floor = 1};
  std::printf("%-14s", surface.name.c_str());
  const auto add = [&](Path path, const std::string& name) {
    for (double& E : path.errors) {
      E -= least;
      picture.error_floor = (std::min)(picture.error_floor, (std::max)(E, 1e-10));
    }
    const int steps = steps_to(path.errors, 1e-6);
    std::printf(" %9s", steps < 0 ? "-" : std::to_string(steps).c_str());
    picture.labels.push_back(name);
    picture.paths.push_back(path.points);
    picture.above.push_back(path.errors);
  };
  for (int which = 0; which < optimizer_count; ++which) {
    const double rate = surface.rates[size_t(which)];
    add(follow(surface, which, rate, 0.9, surface.steps), label(which, rate));
  }
  if (surface.residual) add(follow_least_squares(surface), least_squares_name);
  std::printf("\n");
  draw_paths(picture);
}

// A network that separates two spirals.

using SpiralNet = bf::Mlp<double, bf::Input<2>, bf::Dense<16, bf::Tanh>, bf::Dense<16, bf::Tanh>,
                          bf::Dense<1, bf::Linear>>;

/// E over all points of two spirals with three quarters of a turn, and the network it belongs to.
struct SpiralLearning {
  static constexpr int points = 60;  // of a spiral
  Eigen::MatrixXd X{2, 2 * points}, Z{1, 2 * points};
  SpiralNet net;
  bf::Workspace<SpiralNet> workspace{net, 2 * points};
  Eigen::VectorXd slope;

  SpiralLearning() {
    for (int i = 0; i < 2 * points; ++i) {
      const double along = (i / 2) / double(points - 1), side = i % 2;
      const double angle = 3.14159265358979 * (1.5 * along + side), radius = 0.1 + 0.9 * along;
      X.col(i) << radius * std::cos(angle), radius * std::sin(angle);
      Z(0, i) = 1 - 2 * side;
    }
  }
  Eigen::VectorXd start(std::uint64_t seed) {
    bf::Random random(seed);
    net.initialize(bf::Glorot{}, random);
    return net.parameters();
  }
  double operator()(const double* w, double* gradient) {
    net.parameters() = Eigen::VectorXd::Map(w, net.parameter_count());
    const double E = bf::gradient(net, bf::HalfSquaredError{}, bf::Samples(X, Z), workspace, slope,
                                  bf::Reduction::Mean);
    Eigen::VectorXd::Map(gradient, slope.size()) = slope;
    return E;
  }
};

/// The logarithm of the largest E in the last quarter of a path.
double late_error(const Path& path) {
  const auto late = path.errors.end() - std::ptrdiff_t(path.errors.size() / 4 + 1);
  return std::log(*std::max_element(late, path.errors.end()));
}

/// Each optimizer in full batches, at that η of a list with which the largest E of the last epochs
/// is least on average over starts. The last E alone, or a mean over epochs, would select an η at
/// the limit of stability, where the end depends on the last digits of the arithmetic. The picture
/// has the first start.
void draw_network(bool quick) {
  SpiralLearning learning;
  const Objective objective = std::ref(learning);
  const std::vector<double> rates = quick
                                        ? std::vector<double>{0.01, 0.1}
                                        : std::vector<double>{1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1};
  const int epochs = quick ? 200 : 2000;
  const int starts = quick ? 1 : 5;
  const Eigen::VectorXd start = learning.start(1);

  PathPicture picture{.name = "network",
                      .title = "Two spirals, a network 2-16-16-1: E in the plane of the paths",
                      .x_label = "first principal direction",
                      .y_label = "second principal direction",
                      .steps_label = "epochs, full batch",
                      .error_label = "E",
                      .low = {0, 0},
                      .high = {0, 0},
                      .grid = {},
                      .labels = {},
                      .paths = {},
                      .above = {},
                      .optima = {},
                      .saddles = {},
                      .error_floor = 1};
  std::vector<Eigen::MatrixXd> ways;  // from the start
  std::printf("Two spirals, network 2-16-16-1, %d epochs, %d starts:\n", epochs, starts);
  for (int which = 0; which < optimizer_count; ++which) {
    Path best;  // of the first start
    std::vector<double> last;
    double best_rate = 0, least = std::numeric_limits<double>::infinity();
    for (const double rate : rates) {
      Path first;
      std::vector<double> ends;
      double sum = 0;
      for (int i = 0; i < starts; ++i) {
        Path path = follow(make_optimizer(which, rate, 0.9), objective,
                           learning.start(std::uint64_t(i + 1)), epochs);
        sum += late_error(path);
        if (path.steps() < epochs) sum = std::numeric_limits<double>::infinity();  // diverged
        ends.push_back(path.errors.back());
        if (i == 0) first = std::move(path);
      }
      if (!(sum < least)) continue;
      least = sum;
      best_rate = rate;
      best = std::move(first);
      last = ends;
    }
    const std::string name = optimizer_names[which];
    if (best.errors.empty()) {
      throw std::runtime_error(name + " diverges on the two spirals at every η");
    }
    std::sort(last.begin(), last.end());
    std::printf("  %-8s  η = %-5g  median E = %.1e, from %.1e to %.1e\n", name.c_str(), best_rate,
                last[last.size() / 2], last.front(), last.back());
    expect(last[last.size() / 2] < (quick ? 0.9 : 0.1) * best.errors.front(),
           name + " does not learn the two spirals");
    picture.labels.push_back(label(which, best_rate));
    picture.above.push_back(best.errors);
    picture.error_floor = (std::min)(picture.error_floor, best.errors.back());
    ways.push_back(best.points.colwise() - start);
  }

  // Principal directions of all ways, each of the same weight; the start is their origin.
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(start.size(), start.size());
  for (const Eigen::MatrixXd& way : ways) {
    covariance += way * way.transpose() / way.squaredNorm();
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  const Eigen::Matrix<double, Eigen::Dynamic, 2> plane =
      solver.eigenvectors().rightCols<2>().rowwise().reverse();
  std::printf("  the plane has %.0f %% of the squared ways\n",
              100 * solver.eigenvalues().tail<2>().sum() / covariance.trace());
  picture.low = picture.high = Eigen::Vector2d::Zero();
  std::vector<double> reaches;
  for (const Eigen::MatrixXd& way : ways) {
    picture.paths.push_back(plane.transpose() * way);
    reaches.push_back(picture.paths.back().colwise().norm().maxCoeff());
  }
  std::sort(reaches.begin(), reaches.end());
  for (const Eigen::Matrix2Xd& path : picture.paths) {
    // A path far longer than most leaves the picture, where the others would be invisible.
    if (path.colwise().norm().maxCoeff() > 4 * reaches[reaches.size() / 2]) continue;
    picture.low = picture.low.cwiseMin(path.rowwise().minCoeff());
    picture.high = picture.high.cwiseMax(path.rowwise().maxCoeff());
  }
  const Eigen::Vector2d margin = 0.08 * (picture.high - picture.low);
  picture.low -= margin;
  picture.high += margin;
  Eigen::VectorXd unused(start.size());
  picture.grid = grid_of(
      [&](const Eigen::Vector2d& at) {
        const Eigen::VectorXd w = start + plane * at;
        return learning(w.data(), unused.data());
      },
      0, picture.low, picture.high, quick ? 21 : 81);
  draw_paths(picture);
}

// The page that plays the paths.

const std::vector<double> page_rates{3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1};
const std::vector<double> page_momenta{0, 0.5, 0.8, 0.9, 0.97};
constexpr int page_steps = 1000;
constexpr int page_quanta = 2000;     // of a side of the picture
constexpr int page_per_decade = 50;   // of E
constexpr int page_error_floor = -8;  // of log10 E
constexpr int page_grid_per_decade = 1000;
const bool page_uses_momentum[optimizer_count] = {false, true, true, false, true, false};

/// Steps of a path on the page.
const std::vector<int>& page_frames() {
  static const std::vector<int> frames = shown_steps(page_steps, 1.03);
  return frames;
}

/// A path in whole numbers, for each frame w1, w2 and log E, up to where nothing moves any more;
/// and the step from which it is lost, far from the picture for good or not finite, or 0.
struct PagePath {
  int lost = 0;
  std::vector<std::array<int, 3>> frames;
};

PagePath page_path(const Surface& surface, const Path& path) {
  const Eigen::Vector2d extent = surface.high - surface.low;
  const auto place = [&](Eigen::Index step) -> Eigen::Array2d {
    return (path.points.col(step) - surface.low).cwiseQuotient(extent).array();
  };
  const auto is_far = [&](Eigen::Index step) {
    return !((place(step) - 0.5).abs().maxCoeff() < 2);
  };
  PagePath page;
  if (path.steps() < page_steps || is_far(path.steps())) {
    page.lost = (std::max)(1, int(path.steps()));
    while (page.lost > 1 && is_far(page.lost - 1)) --page.lost;
  }
  for (const int step : page_frames()) {
    if (page.lost > 0 && step >= page.lost) break;
    const Eigen::Array2d at =
        (page_quanta * place(step)).max(-2 * page_quanta).min(3 * page_quanta).round();
    const double above = path.errors[size_t(step)] - surface.least_error();
    const double decades = std::log10((std::max)(above, std::pow(10, page_error_floor)));
    page.frames.push_back({int(at(0)), int(at(1)), int(std::lround(page_per_decade * decades))});
  }
  while (page.lost == 0 && page.frames.size() > 1 &&
         page.frames.back() == page.frames[page.frames.size() - 2]) {
    page.frames.pop_back();
  }
  return page;
}

std::string text_of(const PagePath& page) {
  std::vector<int> numbers{page.lost};
  std::array<int, 3> before{};
  for (const std::array<int, 3>& frame : page.frames) {
    for (size_t i = 0; i < 3; ++i) numbers.push_back(frame[i] - before[i]);
    before = frame;
  }
  const std::string text = encoded(numbers);
  expect(decoded(text) == numbers, "the page would not read the numbers of a path");
  return text;
}

/// A list in JSON.
template <class List, class Function>
std::string list_of(const List& list, const Function& text) {
  std::string all;
  for (const auto& element : list) all += ',' + text(element);
  return '[' + (all.empty() ? all : all.substr(1)) + ']';
}
std::string point_text(const Eigen::Vector2d& w) { return list_of(w, number); }
std::string string_text(const std::string& text) { return '"' + text + '"'; }

std::string surface_data(const Surface& surface) {
  constexpr int size = 71;
  const double least = surface.least_error();
  const Eigen::MatrixXd grid = grid_of([&](const Eigen::Vector2d& w) { return surface.error(w); },
                                       least, surface.low, surface.high, size);
  const auto whole = [](double value) { return int(std::lround(page_grid_per_decade * value)); };
  std::vector<int> differences;  // second ones, which are small on a smooth surface
  int before = 0, slope = 0;
  for (const double value : grid.reshaped()) {
    differences.push_back(whole(value) - before - slope);
    slope = whole(value) - before;
    before = whole(value);
  }
  std::string paths;
  for (int which = 0; which < optimizer_count; ++which) {
    std::string of_optimizer;
    for (const double rate : page_rates) {
      for (const double mu : page_momenta) {
        const Path path = follow(surface, which, rate, mu, page_steps);
        of_optimizer += ',' + string_text(text_of(page_path(surface, path)));
        if (!page_uses_momentum[which]) break;
      }
    }
    paths += ",\n[" + of_optimizer.substr(1) + ']';
  }
  // The page begins with the η of its list that is next to Nesterov's in the picture.
  const auto distance = [&](double rate) { return std::abs(std::log(rate / surface.rates[2])); };
  const auto nearest =
      std::min_element(page_rates.begin(), page_rates.end(),
                       [&](double a, double b) { return distance(a) < distance(b); });
  return "{\"name\":" + string_text(surface.name) + ",\"title\":" + string_text(surface.title) +
         ",\"formula\":" + string_text(surface.formula) + ",\"low\":" + point_text(surface.low) +
         ",\"high\":" + point_text(surface.high) + ",\"start\":" + point_text(surface.start) +
         ",\"optima\":" + list_of(surface.optima, point_text) +
         ",\"saddles\":" + list_of(surface.saddles, point_text) + ",\"best\":" +
         list_of(surface.optima,
                 [&](const Eigen::Vector2d& w) {
                   return std::string(surface.error(w) < least + 1e-9 ? "true" : "false");
                 }) +
         ",\"least\":" + number(least) +
         ",\"rate\":" + number(double(nearest - page_rates.begin())) + ",\"levels\":" +
         list_of(contour_levels(grid), [&](double l) { return number(whole(l)); }) +
         ",\"grid_size\":" + number(size) + ",\"grid\":" + string_text(encoded(differences)) +
         ",\"paths\":[" + paths.substr(1) + "]}";
}

void write_page() {
  std::string optimizers;
  for (int which = 0; which < optimizer_count; ++which) {
    optimizers += ",{\"name\":" + string_text(optimizer_names[which]) +
                  ",\"colour\":" + string_text(optimizer_colours[which]) +
                  ",\"momentum\":" + (page_uses_momentum[which] ? "true" : "false") + '}';
  }
  const std::string data =
      "{\"rates\":" + list_of(page_rates, number) +
      ",\"momenta\":" + list_of(page_momenta, number) +
      ",\"momentum\":3,\"steps\":" + list_of(page_frames(), number) +
      ",\"quanta\":" + number(page_quanta) + ",\"per_decade\":" + number(page_per_decade) +
      ",\"floor\":" + number(page_error_floor) +
      ",\"grid_per_decade\":" + number(page_grid_per_decade) + ",\"optimizers\":[" +
      optimizers.substr(1) + "],\n\"surfaces\":" + list_of(all_surfaces(), surface_data) + '}';
  write_file("optimizer_paths.html", filled(page_text, {{"@data", data}}));
}

int run(const std::string& folder, bool quick) {
  std::filesystem::create_directories(folder);
  std::filesystem::current_path(folder);  // scripts name their files without a folder
  for (const Surface& surface : all_surfaces()) check_surface(surface);
  check_optimizers();
  std::printf("Steps after which E − E(best optimum) stays below 1e-6:\n%14s", "");
  for (const char* name : optimizer_names) std::printf(" %9s", name);
  std::printf(" %9s\n", "Lev.-Mar.");
  for (const Surface& surface : all_surfaces()) draw_surface(surface, quick ? 41 : 81);
  draw_network(quick);
  write_page();
  if (!has_gnuplot()) {
    std::printf(
        "No pictures: gnuplot is not installed (on Debian: gnuplot-nox). In %s,\n"
        "`gnuplot NAME.gp` draws NAME.svg.\n",
        folder.c_str());
  }
  std::printf("%s\n", failures == 0 ? "all as it must be" : "not as it must be");
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = "pictures";
  bool quick = false;
#ifdef BACKFOLD_EXAMPLE_CLI11
  CLI::App app("Optimizers' paths: pictures, and a page that plays them");
  app.add_option("folder", folder, "where files are written")->capture_default_str();
  app.add_flag("--quick", quick, "coarser pictures and a shorter training");
  CLI11_PARSE(app, argc, argv);
#else
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else {
      folder = folder_of(argv[i], "optimizer_paths [folder] [--quick]");
    }
  }
#endif
  try {
    return run(folder, quick);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
