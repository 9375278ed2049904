// SPDX-License-Identifier: MIT
// Trains a network on a CSV file: regression, classification or quantiles. Writes a model for
// predict_csv and, where gnuplot is installed, a picture of the learning curve.
//
//     train_csv [data.csv --target column] [--task classification] [--hidden 16,8] ...
#include <CLI/CLI.hpp>
#include <algorithm>
#include <backfold/training/hook/progress.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "csv_delimiter.hpp"
#include "csv_model.hpp"
#include "picture.hpp"

namespace bf = backfold;

namespace {

struct Settings {
  std::string data, task = "regression", optimizer = "adam", model = "model.safetensors", outputs;
  std::vector<std::string> targets, inputs;
  std::vector<bf::Index> hidden = {16};
  std::vector<double> quantiles = {0.05, 0.5, 0.95};
  double learning_rate = 0.01;
  bf::Index epochs = 500, batch_size = 32, patience = 30;
  std::uint64_t seed = 1;
  char delimiter = ',';

  [[nodiscard]] bool is_classification() const { return task == "classification"; }
};

/// The optimizer that the user selects, as one type: networks are compiled once for all of them.
struct AnyOptimizer {
  std::variant<bf::Adam, bf::Nesterov, bf::RmsProp, bf::Rprop, bf::Sgd> chosen;

  template <bf::Real S, bf::Index N>
  struct State {
    explicit State(bf::Index size) : n(size) {}
    bf::Index n;
    std::optional<
        std::variant<bf::Adam::State<S, N>, bf::Nesterov::State<S, N>, bf::RmsProp::State<S, N>,
                     bf::Rprop::State<S, N>, bf::Sgd::State<S, N>>>
        of_chosen = std::nullopt;  // made in the first step
  };

  void(check)() const {
    std::visit([](const auto& o) { (o.check)(); }, chosen);
  }
  template <bf::Real S, bf::Index N, class Objective>
  double step(S* w, Objective&& objective, State<S, N>& state) const {
    return std::visit(
        [&]<class O>(const O& optimizer) {
          using StateOfO = typename O::template State<S, N>;
          if (!state.of_chosen) state.of_chosen.emplace(std::in_place_type<StateOfO>, state.n);
          return optimizer.step(w, objective, std::get<StateOfO>(*state.of_chosen));
        },
        chosen);
  }
};

AnyOptimizer optimizer_of(const Settings& settings) {
  const double rate = settings.learning_rate;
  if (settings.optimizer == "nesterov") return {bf::Nesterov{.learning_rate = rate}};
  if (settings.optimizer == "rmsprop") return {bf::RmsProp{.learning_rate = rate}};
  if (settings.optimizer == "rprop") return {bf::Rprop{}};
  if (settings.optimizer == "sgd") return {bf::Sgd{.learning_rate = rate}};
  return {bf::Adam{.learning_rate = rate}};
}

/// Writes a table to begin with, flats whose price and class follow from the rest and some noise.
void write_example(const std::string& path) {
  bf::Random random(1);
  std::string text = "area,rooms,heating,price,class\n";
  const char* const heating[] = {"gas", "wood", "none"};
  for (int i = 0; i < 600; ++i) {
    const double area = std::round(bf::uniform(random, 25, 150));
    const auto rooms = 1 + static_cast<int>(bf::below(random, 5));
    const auto kind = static_cast<int>(bf::below(random, 3));
    const double noise = 10000 * bf::normal(random);
    const double price = std::round(2000 * area + 10000 * rooms - 15000 * kind + noise);
    text += number(area) + ',' + number(rooms) + ',' + heating[kind] + ',' + number(price) + ',' +
            (price < 140000   ? "cheap"
             : price < 240000 ? "middle"
                              : "dear") +
            '\n';
  }
  write_file(path, text);
}

/// Inputs and targets of a file, with their names.
struct Data {
  bf::CsvTable inputs, targets;
  Eigen::MatrixXd X, Z;
};

Data read_data(Settings& settings) {
  if (settings.data.empty()) {
    settings.data = "example.csv";
    write_example(settings.data);
    if (settings.inputs.empty()) settings.inputs = {"area", "rooms", "heating"};
    if (settings.targets.empty()) {
      settings.targets = {settings.is_classification() ? "class" : "price"};
    }
    std::printf("No data given: made %s\n", settings.data.c_str());
  }
  if (settings.targets.empty()) throw std::runtime_error("name the target: --target COLUMN");
  if (settings.is_classification() && settings.targets.size() != 1) {
    throw std::runtime_error("classification takes one target, got " +
                             std::to_string(settings.targets.size()));
  }
  const auto is_target = [&](const std::string& name) {
    return std::find(settings.targets.begin(), settings.targets.end(), name) !=
           settings.targets.end();
  };
  if (settings.inputs.empty()) {
    const bf::CsvBlocks header(settings.data, {.delimiter = settings.delimiter});
    for (const bf::CsvColumn& column : header.block().columns()) {
      if (!is_target(column.name)) settings.inputs.push_back(column.name);
    }
  }
  if (settings.inputs.empty()) throw std::runtime_error(settings.data + ": has no input column");
  for (const std::string& name : settings.inputs) {
    if (is_target(name)) throw std::runtime_error("column \"" + name + "\" is input and target");
    if (name.find('=') != std::string::npos) {
      throw std::runtime_error(settings.data + ": column \"" + name + "\" has '=' in its name");
    }
  }
  Data data;
  bf::CsvOptions target_options{.delimiter = settings.delimiter, .columns = settings.targets};
  if (settings.is_classification()) target_options.categorical = settings.targets;
  data.targets = bf::read_csv(settings.data, target_options);
  const bf::CsvOptions input_options{.delimiter = settings.delimiter, .columns = settings.inputs};
  data.inputs =
      bf::read_csv(settings.data, input_options, bf::scan_csv(settings.data, input_options));
  data.X = data.inputs.matrix<double>();
  data.Z = data.targets.matrix<double>();
  // The metrics need two rows in the held-out fifth.
  if (data.X.cols() < 8) {
    throw std::runtime_error(settings.data + ": has " + std::to_string(data.X.cols()) +
                             " rows, expected at least 8");
  }
  if (settings.is_classification() && data.Z.rows() < 2) {
    throw std::runtime_error(settings.data + ": the target has one class alone");
  }
  if (settings.is_classification() && 2 * data.Z.rows() > data.Z.cols()) {
    throw std::runtime_error(settings.data + ": the target has " + std::to_string(data.Z.rows()) +
                             " classes in " + std::to_string(data.Z.cols()) +
                             " rows; for numbers, use --task regression");
  }
  return data;
}

bf::Split split(const Settings& settings, const Data& data, bf::Random& random) {
  const bf::SplitFractions fractions{.validation = 0.2, .test = 0.2};
  return settings.is_classification()
             ? bf::split_stratified(data.targets.labels(settings.targets[0]), fractions, random)
             : bf::split_randomly(data.X.cols(), fractions, random);
}

/// What the file keeps with the network.
bf::ModelInfo model_info(const Settings& settings, const Data& data, const bf::Split& parts) {
  bf::ModelInfo info;
  info.input_scaling = bf::Scaling(bf::gather(data.X, parts.training));
  info.inputs = data.inputs.feature_names(settings.inputs);
  info.outputs = data.targets.feature_names(settings.targets);
  if (settings.is_classification()) {
    info.classes = data.targets.columns()[0].categories.names();
    return info;
  }
  const bf::Scaling targets(bf::gather(data.Z, parts.training));
  info.target_scaling = targets;
  if (settings.task == "quantiles") {
    // A network has three outputs for each target, scaled alike.
    const Eigen::MatrixXd copies = Eigen::MatrixXd::Ones(3, 1) * targets.center().transpose();
    const Eigen::MatrixXd widths = Eigen::MatrixXd::Ones(3, 1) * targets.width().transpose();
    info.target_scaling =
        bf::Scaling(targets.kind(), copies.reshaped(), widths.reshaped(), targets.base());
    info.outputs.clear();
    for (const std::string& name : settings.targets) {
      for (const double q : settings.quantiles) info.outputs.push_back(name + " " + number(q));
    }
  }
  return info;
}

void draw_curve(const Settings& settings, const std::vector<double>& training,
                const std::vector<double>& validation) {
  const std::filesystem::path model(settings.model);
  if (model.has_parent_path()) std::filesystem::current_path(model.parent_path());
  const std::string name = model.stem().string() + "_curve";
  std::string data;
  for (std::size_t e = 0; e < training.size(); ++e) {
    data += std::to_string(e + 1) + ' ' + number(training[e]) + ' ' +
            (e < validation.size() ? number(validation[e]) : "NaN") + '\n';
  }
  const bool drawn = draw(name, 800, 500, data,
                          "set title 'Learning curve'\nset xlabel 'epoch'\nset ylabel 'mean loss'\n"
                          "set logscale y\nset format y '%g'\nset grid\nset key top right\n"
                          "plot " +
                              quoted(name + ".dat") +
                              " using 1:2 with lines lw 2 lc rgb '#1560d4' title 'training', "
                              "'' using 1:3 with lines lw 2 lc rgb '#d81b2a' title 'validation'\n");
  std::printf(drawn ? "%s.svg: learning curve\n"
                    : "No learning curve: gnuplot is not installed (Debian: gnuplot-nox); "
                      "`gnuplot %s.gp` draws it.\n",
              name.c_str());
}

template <class Net, class Loss>
void train(Net& net, const Loss& loss, const Settings& settings, const Data& data,
           const bf::Split& parts, bf::Random& random) {
  bf::ModelInfo info = model_info(settings, data, parts);
  const auto inputs_of = [&](const std::vector<bf::Index>& part) {
    return info.input_scaling.apply(bf::gather(data.X, part));
  };
  const auto targets_of = [&](const std::vector<bf::Index>& part) -> Eigen::MatrixXd {
    const Eigen::MatrixXd Z = bf::gather(data.Z, part);
    if (settings.is_classification()) return Z;
    return bf::Scaling(bf::gather(data.Z, parts.training)).apply(Z);
  };
  const Eigen::MatrixXd X = inputs_of(parts.training), Z = targets_of(parts.training);
  const Eigen::MatrixXd held_X = inputs_of(parts.validation), held_Z = targets_of(parts.validation);
  net.initialize(bf::Glorot{}, random);
  bf::Validate validate(bf::Samples(held_X, held_Z));
  bf::KeepBest best(validate);
  // Rprop compares signs of whole gradients.
  const bool whole = settings.optimizer == "rprop";
  const bf::History history =
      bf::fit(net, loss, optimizer_of(settings), bf::Samples(X, Z),
              {.epochs = settings.epochs,
               .batch_size = whole ? bf::full_batch : settings.batch_size,
               .seed = settings.seed},
              validate, bf::StopEarly({.patience = settings.patience}, validate), best,
              bf::Progress(std::cout));
  if (best.epoch() == 0) {
    throw std::runtime_error(
        "a number was not finite in the first epoch: try a smaller --learning-rate");
  }
  std::printf("%s after %ld epochs; the best parameters are those of epoch %ld\n",
              history.status == bf::TrainingStatus::Stopped      ? "Stopped early"
              : history.status == bf::TrainingStatus::EpochsDone ? "Done"
                                                                 : "Stopped by a number not finite",
              static_cast<long>(history.losses.size()), static_cast<long>(best.epoch()));
  info.example = X.leftCols((std::min)(X.cols(), bf::Index{4}));
  bf::save(settings.model, net, info);
  draw_curve(settings, history.losses, validate.losses());
}

/// Makes the network for one to three hidden layers, and trains it.
template <class Activation, class Loss>
void train_sized(const Settings& settings, const Data& data, bf::Index outputs, const Loss& loss,
                 const bf::Split& parts, bf::Random& random) {
  using Hidden = bf::Dense<bf::Dynamic, bf::Tanh>;
  using Last = bf::Dense<bf::Dynamic, Activation>;
  using Inputs = bf::Input<bf::Dynamic>;
  const auto& h = settings.hidden;
  const bf::Index inputs = data.X.rows();
  if (h.size() == 1) {
    bf::Mlp<double, Inputs, Hidden, Last> net(inputs, h[0], outputs);
    train(net, loss, settings, data, parts, random);
  } else if (h.size() == 2) {
    bf::Mlp<double, Inputs, Hidden, Hidden, Last> net(inputs, h[0], h[1], outputs);
    train(net, loss, settings, data, parts, random);
  } else {
    bf::Mlp<double, Inputs, Hidden, Hidden, Hidden, Last> net(inputs, h[0], h[1], h[2], outputs);
    train(net, loss, settings, data, parts, random);
  }
}

void print_metrics(const Settings& settings, const Eigen::MatrixXd& Y, const Eigen::MatrixXd& Z,
                   const bf::ModelInfo& info) {
  std::printf("Held-out part, %ld rows:\n", static_cast<long>(Z.cols()));
  if (settings.is_classification()) {
    bf::F1Score matrix;
    matrix.add(Y, Z);
    std::printf("  accuracy %.4f, macro F1 %.4f\n", matrix.accuracy(), matrix.value());
    for (bf::Index k = 0; k < matrix.classes(); ++k) {
      std::printf("  %-12s precision %.4f, recall %.4f\n",
                  info.classes[static_cast<std::size_t>(k)].c_str(), matrix.precision(k),
                  matrix.recall(k));
    }
    return;
  }
  for (bf::Index i = 0; i < Z.rows(); ++i) {
    const char* const name = settings.targets[static_cast<std::size_t>(i)].c_str();
    if (settings.task == "quantiles") {
      bf::IntervalCoverage band;
      band.add(Y.row(3 * i), Y.row(3 * i + 2), Z.row(i));
      std::printf("  %s: %.1f %% lie in the band (wanted: %.1f %%), mean width %g\n", name,
                  100 * band.value(), 100 * (settings.quantiles[2] - settings.quantiles[0]),
                  band.mean_width());
      continue;
    }
    bf::RSquared quality;
    bf::RootMeanSquaredError error;
    bf::MeanAbsoluteError absolute;
    quality.add(Y.row(i), Z.row(i));
    error.add(Y.row(i), Z.row(i));
    absolute.add(Y.row(i), Z.row(i));
    std::printf("  %s: R2 %.4f, RMSE %g, MAE %g\n", name, quality.value(), error.value(),
                absolute.value());
  }
}

/// The absolute path of a file to write. @throws std::runtime_error if its folder does not exist
std::string path_to_write(const std::string& file) {
  const std::filesystem::path path = std::filesystem::absolute(file);
  if (!std::filesystem::is_directory(path.parent_path())) {
    throw std::runtime_error(file + ": its folder does not exist");
  }
  return path.string();
}

void run(Settings settings) {
  if (settings.hidden.empty() || settings.hidden.size() > 3) {
    throw std::runtime_error("--hidden: expected one to three sizes");
  }
  for (const bf::Index units : settings.hidden) {
    if (units < 1) throw std::runtime_error("--hidden: a layer has at least one unit");
  }
  if (settings.epochs < 1) throw std::runtime_error("--epochs: expected at least 1");
  const auto& q = settings.quantiles;
  if (q.size() != 3 || !(0 < q[0] && q[0] < q[1] && q[1] < q[2] && q[2] < 1)) {
    throw std::runtime_error("--quantiles: expected three that rise between 0 and 1");
  }
  settings.model = path_to_write(settings.model);
  if (!settings.outputs.empty()) settings.outputs = path_to_write(settings.outputs);
  const Data data = read_data(settings);
  bf::Random random(settings.seed);
  const bf::Split parts = split(settings, data, random);
  std::printf("%s: %zu rows to learn, %zu to validate, %zu held out; %ld inputs\n",
              settings.data.c_str(), parts.training.size(), parts.validation.size(),
              parts.test.size(), static_cast<long>(data.X.rows()));
  const bf::Index targets = data.Z.rows();
  if (settings.is_classification()) {
    train_sized<bf::Softmax>(settings, data, targets, bf::CategoricalCrossEntropy{}, parts, random);
  } else if (settings.task == "quantiles") {
    train_sized<bf::Linear>(settings, data, 3 * targets, bf::Quantiles{q[0], q[1], q[2]}, parts,
                            random);
  } else {
    train_sized<bf::Linear>(settings, data, targets, bf::HalfSquaredError{}, parts, random);
  }
  // The metrics are computed from the file, as predict_csv reads it.
  const auto net = bf::load_any<double>(settings.model);
  const Eigen::MatrixXd Y = outputs_for(net, data.inputs);
  print_metrics(settings, bf::gather(Y, parts.test), bf::gather(data.Z, parts.test), net.info());
  if (!settings.outputs.empty()) write_outputs(settings.outputs, net.info(), Y);
  std::printf("%s: the model, for predict_csv\n", settings.model.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Trains a network on a CSV file and writes a model for predict_csv");
  app.add_option("data", settings.data, "CSV file with a header; none: a table of flats is made")
      ->check(CLI::ExistingFile);
  app.add_option("--target", settings.targets, "target column(s), with commas between")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--inputs", settings.inputs, "input columns; none: all but the targets")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--task", settings.task, "what the outputs are")
      ->check(CLI::IsMember({"regression", "classification", "quantiles"}))
      ->capture_default_str();
  app.add_option("--quantiles", settings.quantiles, "lower end, middle and upper end of the band")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("--hidden", settings.hidden, "sizes of one to three hidden layers")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("--optimizer", settings.optimizer, "rprop learns from all rows at once")
      ->check(CLI::IsMember({"adam", "nesterov", "rmsprop", "rprop", "sgd"}))
      ->capture_default_str();
  app.add_option("--learning-rate", settings.learning_rate, "not of rprop")->capture_default_str();
  app.add_option("--epochs", settings.epochs, "at most")->capture_default_str();
  app.add_option("--batch-size", settings.batch_size, "rows a step")->capture_default_str();
  app.add_option("--patience", settings.patience, "epochs without a gain that end training")
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "of split, weights and order")->capture_default_str();
  add_delimiter(app, settings.delimiter);
  app.add_option("--model", settings.model, "file of the model")->capture_default_str();
  app.add_option("--predictions", settings.outputs, "CSV file of the outputs for all rows");
  CLI11_PARSE(app, argc, argv);
  try {
    run(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "train_csv: %s\n", error.what());
    return 1;
  }
}
