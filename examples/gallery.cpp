// SPDX-License-Identifier: MIT
// Four small tasks and a picture of what the network has learnt of each: the boundary between two
// classes, a fit with a band of quantiles, a confusion matrix, hidden states over time. Then the
// pictures of the tutorial.
//
//     gallery [folder]
#include <algorithm>
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <numbers>
#include <string>

#include "arguments.hpp"
#include "picture.hpp"
#include "tutorial_perceptron_pictures.hpp"
#include "tutorial_pictures.hpp"
#include "tutorial_recurrent_pictures.hpp"

namespace bf = backfold;

namespace {

int failures = 0;

/// Prints a figure that a picture goes with, and notes where it is not reached.
void report(const char* name, const char* what, double value, double least) {
  std::printf("%-18s %s %.3f\n", name, what, value);
  if (value < least) ++failures;
}

/// Two half rings, one in the other.
void decision_boundary() {
  constexpr int n = 400, size = 61;
  bf::Random random(1);
  Eigen::MatrixXd X(2, n), Z(1, n);
  for (int s = 0; s < n; ++s) {
    const double angle = bf::uniform(random, 0, std::numbers::pi);
    const bool second = s % 2 == 1;
    X.col(s) << (second ? 1 - std::cos(angle) : std::cos(angle)) + 0.15 * bf::normal(random),
        (second ? 0.5 - std::sin(angle) : std::sin(angle)) + 0.15 * bf::normal(random);
    Z(0, s) = second ? 1 : 0;
  }
  bf::Mlp<double, bf::Input<2>, bf::Dense<16, bf::Tanh>, bf::Dense<1, bf::Sigmoid>> net;
  net.initialize(bf::Glorot{}, random);
  bf::fit(net, bf::BinaryCrossEntropy{}, bf::Adam{.learning_rate = 0.02}, bf::Samples(X, Z),
          {.epochs = 200, .batch_size = 20});
  report("decision_boundary", "accuracy", bf::accuracy(net(X), Z), 0.97);

  std::string data;
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < size; ++j) {
      const Eigen::Vector2d x(-1.6 + 4.2 * j / (size - 1), -1.1 + 2.7 * i / (size - 1));
      data += number(x[0]) + ' ' + number(x[1]) + ' ' + number(net(x)(0)) + '\n';
    }
  }
  for (const int wanted : {0, 1}) {
    data += "\n\n";
    for (int s = wanted; s < n; s += 2) data += number(X(0, s)) + ' ' + number(X(1, s)) + '\n';
  }
  draw("decision_boundary", 760, 520, data,
       "set title 'Boundary between two classes'\nset xlabel 'x_1'\nset ylabel 'x_2'\n"
       "set cblabel 'output'\nset xrange [-1.6:2.6]\nset yrange [-1.1:1.6]\nset cbrange [0:1]\n"
       "set palette defined (0 '#8db0f2', 0.5 '#e4ecfc', 0.5 '#fce6e4', 1 '#f09a92')\n"
       "set key outside top center horizontal\n"
       "plot 'decision_boundary.dat' index 0 with image pixels notitle, "
       "'' index 1 with points pt 7 ps 0.4 lc rgb '#0d3f9e' title 'class 0', "
       "'' index 2 with points pt 9 ps 0.5 lc rgb '#9e1410' title 'class 1'\n");
}

/// A function whose noise grows with x, and its quantiles.
void fit_with_band() {
  constexpr int n = 800;
  const auto truth = [](double x) { return std::sin(2 * x) + 0.3 * x; };
  bf::Random random(2);
  Eigen::MatrixXd X(1, n), Z(1, n);
  for (int s = 0; s < n; ++s) {
    X(0, s) = bf::uniform(random, -3, 3);
    Z(0, s) = truth(X(0, s)) + (0.1 + 0.08 * (X(0, s) + 3)) * bf::normal(random);
  }
  bf::Mlp<double, bf::Input<1>, bf::Dense<24, bf::Tanh>, bf::Dense<3, bf::Linear>> net;
  net.initialize(bf::Glorot{}, random);
  bf::fit(net, bf::Quantiles{0.05, 0.5, 0.95}, bf::Adam{.learning_rate = 0.02}, bf::Samples(X, Z),
          {.epochs = 300, .batch_size = 32, .final_rate = 0.02});
  const Eigen::MatrixXd Y = net(X);
  bf::IntervalCoverage band;
  band.add(Y.row(0), Y.row(2), Z);
  report("fit_with_band", "of the points in the band:", band.value(), 0.85);

  std::string data;
  for (int i = 0; i <= 120; ++i) {
    const Eigen::VectorXd x = Eigen::VectorXd::Constant(1, -3 + 0.05 * i);
    const Eigen::VectorXd y = net(x);
    data += number(x[0]) + ' ' + number(y[0]) + ' ' + number(y[1]) + ' ' + number(y[2]) + ' ' +
            number(truth(x[0])) + '\n';
  }
  data += "\n\n";
  for (int s = 0; s < n; ++s) data += number(X(0, s)) + ' ' + number(Z(0, s)) + '\n';
  draw("fit_with_band", 800, 520, data,
       "set title 'Fit with a band of quantiles'\nset xlabel 'x'\nset ylabel 'y'\nset grid\n"
       "set key outside top center horizontal samplen 2\n"
       "plot 'fit_with_band.dat' index 0 using 1:2:4 with filledcurves fc rgb '#b8cdf0' "
       "title '5 % to 95 %', "
       "'' index 1 with points pt 7 ps 0.25 lc rgb '#777777' title 'data', "
       "'' index 0 using 1:5 with lines lw 2 dt 2 lc rgb '#111111' title 'truth', "
       "'' index 0 using 1:3 with lines lw 2 lc rgb '#1560d4' title 'median'\n");
}

constexpr const char* waves[] = {"sine", "triangle", "square", "sawtooth"};

/// Noisy waves of any phase in columns, a class for each form.
void draw_waves(Eigen::MatrixXd& X, Eigen::MatrixXd& Z, bf::Random& random) {
  Z.setZero();
  for (bf::Index s = 0; s < X.cols(); ++s) {
    const auto form = static_cast<bf::Index>(bf::below(random, 4));
    const double phase = bf::uniform(random, 0, 1);
    for (bf::Index t = 0; t < X.rows(); ++t) {
      const double turn = phase + 1.5 * double(t) / double(X.rows());
      const double place = turn - std::floor(turn);
      const double sine = std::sin(2 * std::numbers::pi * place);
      const double clean[] = {sine, 4 * std::abs(place - 0.5) - 1, sine > 0 ? 1.0 : -1.0,
                              2 * place - 1};
      X(t, s) = clean[form] + 0.3 * bf::normal(random);
    }
    Z(form, s) = 1;
  }
}

void confusion_matrix() {
  bf::Random random(3);
  Eigen::MatrixXd X(24, 3000), Z(4, 3000), X_test(24, 1000), Z_test(4, 1000);
  draw_waves(X, Z, random);
  draw_waves(X_test, Z_test, random);
  bf::Mlp<double, bf::Input<24>, bf::Dense<32, bf::Relu>, bf::Dense<4, bf::Softmax>> net;
  net.initialize(bf::He{}, random);
  bf::fit(net, bf::CategoricalCrossEntropy{}, bf::Adam{.learning_rate = 0.003}, bf::Samples(X, Z),
          {.epochs = 30, .batch_size = 32});
  bf::ConfusionMatrix matrix;
  matrix.add(net(X_test), Z_test);
  report("confusion_matrix", "accuracy", matrix.accuracy(), 0.8);

  std::string data, names;
  for (int i = 0; i < 4; ++i) {
    names += i > 0 ? ", '" : "'";
    names.append(waves[i]).append("' ").append(std::to_string(i));
    for (int j = 0; j < 4; ++j) {
      data +=
          std::to_string(j) + ' ' + std::to_string(i) + ' ' + number(matrix.counts()(i, j)) + '\n';
    }
  }
  draw("confusion_matrix", 640, 560, data,
       "set title 'Confusion of four forms of waves'\nset xlabel 'predicted'\n"
       "set ylabel 'true'\nset cblabel 'waves of the test'\nset xtics (" +
           names + ")\nset ytics (" + names +
           ")\nset tics scale 0\nset xrange [-0.5:3.5]\nset yrange [3.5:-0.5]\n"
           "set palette defined (0 '#ffffff', 1 '#5b8ff0')\n"
           "plot 'confusion_matrix.dat' with image pixels notitle, "
           "'' using 1:2:3 with labels notitle\n");
}

using FlipFlop = bf::Rnn<double, bf::Input<1>, bf::Gru<6>, bf::Dense<1, bf::Tanh>>;

/// Rare pulses up and down, and after each step the sign of the last pulse.
void draw_pulses(Eigen::MatrixXd& X, Eigen::MatrixXd& Z, bf::Index batch, bf::Random& random) {
  for (bf::Index c = 0; c < X.cols(); ++c) {
    const bool pulse = c < batch || bf::uniform(random, 0, 1) < 0.08;
    X(0, c) = pulse ? (bf::uniform(random, 0, 1) < 0.5 ? -1 : 1) : 0;
    Z(0, c) = pulse ? X(0, c) : Z(0, c - batch);
  }
}

void hidden_states() {
  constexpr bf::Index steps = 60, batch = 200, shown = 120;
  bf::Random random(4);
  Eigen::MatrixXd X(1, steps * batch), Z(1, steps * batch), x(1, shown), z(1, shown);
  draw_pulses(X, Z, batch, random);
  draw_pulses(x, z, 1, random);
  FlipFlop net;
  net.initialize(bf::Glorot{}, random);
  bf::fit(net, bf::HalfSquaredError{}, bf::ClipNorm{bf::Adam{.learning_rate = 0.01}, 1.0},
          bf::Sequences(X, Z, steps), {.epochs = 60, .batch_size = 20});

  std::string lines, states;
  int right = 0;
  bf::State state(net);
  for (bf::Index t = 0; t < shown; ++t) {
    const double y = bf::step(net, Eigen::Matrix<double, 1, 1>(x(0, t)), state)(0);
    right += y * z(0, t) > 0 ? 1 : 0;
    lines += number(double(t)) + ' ' + number(x(0, t)) + ' ' + number(y) + '\n';
    for (bf::Index i = 0; i < state.values().size(); ++i) {
      states +=
          number(double(t)) + ' ' + number(double(i + 1)) + ' ' + number(state.values()[i]) + '\n';
    }
  }
  report("hidden_states", "of the signs right:", right / double(shown), 0.95);
  draw("hidden_states", 900, 620, lines + "\n\n" + states,
       "set multiplot layout 2,1 title 'A network that remembers the last pulse'\n"
       "set xrange [-0.5:119.5]\nset lmargin at screen 0.1\nset rmargin at screen 0.86\n"
       "set yrange [-1.3:1.3]\nset ylabel 'input, output'\n"
       "set key outside top center horizontal\n"
       "plot 'hidden_states.dat' index 0 using 1:2 with impulses lw 2 lc rgb '#111111' "
       "title 'input', '' index 0 using 1:3 with lines lw 2 lc rgb '#d81b2a' title 'output'\n"
       "set xlabel 'step'\nset ylabel 'hidden unit'\nset cblabel 'state'\nset yrange [0.5:6.5]\n"
       "set ytics 1\nset cbrange [-1:1]\n"
       "set palette defined (-1 '#1560d4', 0 '#ffffff', 1 '#d81b2a')\n"
       "plot 'hidden_states.dat' index 1 with image pixels notitle\nunset multiplot\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? folder_of(argv[1], "gallery [folder]") : "pictures";
  try {
    std::filesystem::create_directories(folder);
    std::filesystem::current_path(folder);  // scripts name their files without a folder
    decision_boundary();
    fit_with_band();
    confusion_matrix();
    hidden_states();
    tutorial::activations();
    tutorial::hidden_lines();
    tutorial::bias_and_skips();
    tutorial::equivalent_networks();
    tutorial::errors();
    tutorial::deltas();
    tutorial::learning_rates();
    tutorial::online_and_batch();
    tutorial::unfolding();
    tutorial::backpropagation_through_time();
    tutorial::real_time_recurrent_learning();
    tutorial::long_series();
    tutorial::long_lags();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gallery: %s\n", error.what());
    return 1;
  }
  std::printf(has_gnuplot() ? "Pictures: %s/*.svg\n"
                            : "No pictures: gnuplot is not installed (on Debian: gnuplot-nox). In "
                              "%s, `gnuplot NAME.gp` draws NAME.svg.\n",
              folder.c_str());
  return failures == 0 ? 0 : 1;
}
