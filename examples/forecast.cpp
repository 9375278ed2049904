// SPDX-License-Identifier: MIT
// Forecasts a series several steps ahead, with a band of quantiles, from its past and from outside
// inputs. The end of the series is held out. Draws truth and forecast, where gnuplot is installed.
//
//     forecast [series.csv --target column] [--steps 6] [--quick] ...
#include <CLI/CLI.hpp>
#include <algorithm>
#include <backfold/backfold.hpp>
#include <backfold/data/csv.hpp>
#include <backfold/training/hook/progress.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include "csv_delimiter.hpp"
#include "picture.hpp"

namespace bf = backfold;

namespace {

constexpr double levels[] = {0.05, 0.5, 0.95};

struct Settings {
  std::string file, target, name = "forecast";
  std::vector<std::string> inputs;
  bf::Index steps = 6, window = 72, units = 24, epochs = 60;
  std::uint64_t seed = 1;
  char delimiter = ',';
  bool quick = false;
};

/// Writes a series to begin with: demand each hour, which follows the hour, working days and the
/// temperature of some hours ago, with more noise where it is cold.
void write_example(const std::string& path, int hours) {
  bf::Random random(1);
  std::string text = "temperature,workday,demand\n";
  double weather = 0, warmth = 10, noise = 0;
  for (int t = 0; t < hours; ++t) {
    const double angle = 2 * std::numbers::pi * t / 24;
    weather = 0.98 * weather + 0.8 * bf::normal(random);
    const double temperature = 10 + weather - 5 * std::cos(angle - 0.6);
    warmth += 0.3 * (temperature - warmth);
    const int workday = t / 24 % 7 < 5 ? 1 : 0;
    noise = 0.7 * noise + bf::normal(random) * (warmth < 10 ? 2.0 : 0.7);
    const double demand =
        80 - 1.5 * warmth + 12 * workday * std::sin(angle / 2) * std::sin(angle / 2) + noise;
    text += number(temperature) + ',' + number(workday) + ',' + number(demand) + '\n';
  }
  write_file(path, text);
}

/// The first of the steps that are held out, the last fifth of n.
bf::Index held_out_begin(bf::Index n) { return 4 * n / 5; }

struct Series {
  Eigen::MatrixXd inputs;  ///< features × steps: outside inputs, then the series itself
  Eigen::MatrixXd target;  ///< 1 × steps
};

Series read_series(Settings& settings) {
  if (settings.file.empty()) {
    settings.file = "series.csv";
    settings.target = "demand";
    settings.inputs = {"temperature", "workday"};
    write_example(settings.file, settings.quick ? 1500 : 6000);
    std::printf("No series given: made %s\n", settings.file.c_str());
  }
  if (settings.target.empty()) throw std::runtime_error("name the series: --target COLUMN");
  for (const std::string& name : settings.inputs) {
    if (name == settings.target) {
      throw std::runtime_error("column \"" + name +
                               "\" is the target, whose past is an input in any case");
    }
  }
  const bf::CsvTable table =
      bf::read_csv(settings.file, {.delimiter = settings.delimiter, .columns = [&] {
                                     std::vector<std::string> columns = settings.inputs;
                                     columns.push_back(settings.target);
                                     return columns;
                                   }()});
  Series series{table.matrix<double>(), table.matrix<double>({settings.target})};
  const bf::Index most = table.rows() / 10;
  if (settings.steps > most || settings.window > most - settings.steps) {
    throw std::runtime_error(settings.file + ": has " + std::to_string(table.rows()) +
                             " rows, expected at least ten times --window + --steps, " +
                             std::to_string(settings.window) + " + " +
                             std::to_string(settings.steps));
  }
  const auto held_out = series.target.rightCols(table.rows() - held_out_begin(table.rows()));
  if ((held_out.array() == held_out(0)).all()) {
    throw std::runtime_error(settings.file + ": the last fifth of \"" + settings.target +
                             "\" is constant, so no forecast of it can be judged");
  }
  return series;
}

/// Forecasts for each step of the series from all steps before it, 3 × steps: row k is quantile k
/// of the target `settings.steps` later. Only the first `training` steps are learnt from, and those
/// up to `known` are looked at to stop.
Eigen::MatrixXd forecasts(const Settings& settings, const Series& series, bf::Index training,
                          bf::Index known) {
  const bf::Scaling inputs(series.inputs.leftCols(training));
  const bf::Scaling targets(series.target.leftCols(training));
  const Eigen::MatrixXd X = inputs.apply(series.inputs), Z = targets.apply(series.target);
  const Eigen::MatrixXd X_training = X.leftCols(training), Z_training = Z.leftCols(training);
  const Eigen::MatrixXd X_held = X.middleCols(training, known - training);
  const Eigen::MatrixXd Z_held = Z.middleCols(training, known - training);
  const bf::WindowOptions windows{.length = settings.window,
                                  .stride = (std::max)(settings.window / 4, bf::Index{1}),
                                  .horizon = settings.steps,
                                  .warm_up = settings.window / 4};

  bf::Rnn<double, bf::Input<bf::Dynamic>, bf::Gru<bf::Dynamic>, bf::Dense<3, bf::Linear>> net(
      X.rows(), settings.units, 3);
  bf::Random random(settings.seed);
  net.initialize(bf::Glorot{}, random);
  bf::Validate validate(bf::Windows(X_held, Z_held, windows));
  bf::KeepBest best(validate);
  bf::fit(net, bf::Quantiles{levels[0], levels[1], levels[2]},
          bf::ClipNorm{bf::Adam{.learning_rate = 5e-3}, 1.0},
          bf::Windows(X_training, Z_training, windows),
          {.epochs = settings.epochs, .batch_size = 16, .seed = settings.seed}, validate,
          bf::StopEarly({.patience = 15}, validate), best, bf::Progress(std::cout));
  std::printf("Best parameters: those of epoch %ld\n", static_cast<long>(best.epoch()));

  bf::Workspace workspace(net, 1, X.cols());
  Eigen::MatrixXd Y = bf::run(net, X, X.cols(), workspace);
  for (bf::Index k = 0; k < 3; ++k) Y.row(k) = targets.invert(Y.row(k).eval());
  return Y;
}

/// The mean pinball loss of a quantile, in the units of the series.
double pinball(double q, const Eigen::RowVectorXd& y, const Eigen::RowVectorXd& z) {
  const Eigen::ArrayXd above = (z - y).array();
  return (above * q).max(above * (q - 1)).mean();
}

void draw_forecast(const Settings& settings, const Eigen::MatrixXd& Y,
                   const Eigen::RowVectorXd& truth, bf::Index first_step) {
  const bf::Index shown = (std::min)(truth.cols(), bf::Index{240});
  const bf::Index first = truth.cols() - shown;
  std::string data;
  for (bf::Index t = first; t < truth.cols(); ++t) {
    data += std::to_string(first_step + t) + ' ' + number(truth[t]);
    for (bf::Index k = 0; k < 3; ++k) data += ' ' + number(Y(k, t));
    data += '\n';
  }
  const std::string file = quoted(settings.name + ".dat");
  const bool drawn =
      draw(settings.name, 1000, 500, data,
           "set title " +
               quoted(settings.target + ", forecast " + std::to_string(settings.steps) +
                      " steps ahead") +
               " noenhanced\nset xlabel 'step'\nset ylabel " + quoted(settings.target) +
               " noenhanced\nset grid\nset key outside top center horizontal\nplot " + file +
               " using 1:3:5 with filledcurves fc rgb '#b8cdf0' title '5 % to 95 %', " + file +
               " using 1:4 with lines lw 2 lc rgb '#1560d4' title 'median', " + file +
               " using 1:2 with lines lw 1.5 lc rgb '#111111' title 'truth'\n");
  std::printf(drawn ? "%s.svg: the end of the series and its forecast\n"
                    : "No picture: gnuplot is not installed (Debian: gnuplot-nox); `gnuplot %s.gp` "
                      "draws it.\n",
              settings.name.c_str());
}

/// @return whether the forecast is better than the last known value
bool run(Settings settings) {
  if (settings.steps < 1) throw std::runtime_error("--steps: expected at least 1");
  if (settings.window < 2) throw std::runtime_error("--window: expected at least 2");
  if (settings.epochs < 1) throw std::runtime_error("--epochs: expected at least 1");
  if (std::filesystem::path(settings.name).has_parent_path()) {
    throw std::runtime_error("--picture: expected a name without a folder, got " + settings.name);
  }
  if (settings.quick) settings.epochs = (std::min)(settings.epochs, bf::Index{15});
  const Series series = read_series(settings);
  const bf::Index n = series.target.cols(), training = 3 * n / 5, known = held_out_begin(n);
  const bf::Index held_out = n - known;
  std::printf("%s: %ld steps to learn, %ld to validate, %ld held out\n", settings.file.c_str(),
              static_cast<long>(training), static_cast<long>(known - training),
              static_cast<long>(held_out));
  const Eigen::MatrixXd all = forecasts(settings, series, training, known);
  // The forecast of a step was made `steps` before it.
  const Eigen::MatrixXd Y = all.middleCols(known - settings.steps, held_out);
  const Eigen::MatrixXd last = series.target.middleCols(known - settings.steps, held_out);
  const Eigen::MatrixXd truth = series.target.rightCols(held_out);

  bf::IntervalCoverage band;
  bf::NormalizedRootMeanSquaredError error, persistence;
  band.add(Y.row(0), Y.row(2), truth);
  error.add(Y.row(1), truth);
  persistence.add(last, truth);
  std::printf("Held-out end, %ld steps ahead:\n", static_cast<long>(settings.steps));
  std::printf("  %.1f %% lie in the band (wanted: %.1f %%), mean width %.4g\n", 100 * band.value(),
              100 * (levels[2] - levels[0]), band.mean_width());
  for (bf::Index k = 0; k < 3; ++k) {
    std::printf("  pinball loss of the %2.0f %% quantile %.4g\n", 100 * levels[k],
                pinball(levels[k], Y.row(k), truth.row(0)));
  }
  std::printf("  NRMSE of the median %.4f (of the last known value: %.4f)\n", error.value(),
              persistence.value());
  draw_forecast(settings, Y, truth.row(0), known + 1);
  const bool is_better = error.value() < persistence.value();
  if (!is_better)
    std::printf("The last known value does better: try --epochs, --hidden, --window\n");
  return is_better;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Forecasts a series with a band from 5 % to 95 %, from its past and outside inputs");
  app.add_option("series", settings.file, "CSV file, a row each step; none: one is made")
      ->check(CLI::ExistingFile);
  app.add_option("--target", settings.target, "column of the series");
  app.add_option("--inputs", settings.inputs,
                 "columns of outside inputs, with commas between; none: the series alone")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--steps", settings.steps, "to look ahead")->capture_default_str();
  app.add_option("--window", settings.window, "steps of a sequence to learn from")
      ->capture_default_str();
  app.add_option("--hidden", settings.units, "units of the GRU")->capture_default_str();
  app.add_option("--epochs", settings.epochs, "at most")->capture_default_str();
  app.add_option("--seed", settings.seed, "of weights and order")->capture_default_str();
  add_delimiter(app, settings.delimiter);
  app.add_option("--picture", settings.name, "its name, in this folder")->capture_default_str();
  app.add_flag("--quick", settings.quick, "a shorter series and training");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(settings) ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "forecast: %s\n", error.what());
    return 1;
  }
}
