// SPDX-License-Identifier: MIT
// Twelve tables of PROBEN1 and DELVE: 32 hidden units, cross-validation on the training file to
// find how long to train, several seeds. Prints a table of errors on the test files, with standard
// errors.
//
//     tables [--quick] [--seeds N] [--only set] [--others others.csv] [folder]
//
// The data are Debian's package libfann-doc. benchmarks/tables_others.py makes others.csv: FANN and
// scikit-learn on the same files.
#include <algorithm>
#include <backfold/backfold.hpp>
#include <backfold/data/csv.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "arguments.hpp"

namespace bf = backfold;

namespace {

struct Set {
  const char* name;
  bool has_classes;  ///< error: percent wrong, else NRMSE
};
constexpr Set sets[] = {{"diabetes", true},   {"thyroid", true},       {"gene", true},
                        {"soybean", true},    {"mushroom", true},      {"robot", true},
                        {"two-spiral", true}, {"building", false},     {"abelone", false},
                        {"kin32fm", false},   {"pumadyn-32fm", false}, {"bank32nh", false}};

struct Table {
  Eigen::MatrixXf X, Z;  // samples in columns
};

/// Reads FANN's format: samples, inputs and outputs, then inputs and outputs of each sample.
Table read(const std::string& path) {
  std::ifstream file(path);
  bf::Index n = 0, inputs = 0, outputs = 0;
  if (!(file >> n >> inputs >> outputs) || n < 1 || inputs < 1 || outputs < 1 || n > 1000000 ||
      inputs > 1000 || outputs > 1000) {
    throw std::runtime_error(path + ": expected the numbers of samples, inputs and outputs");
  }
  Table table{Eigen::MatrixXf(inputs, n), Eigen::MatrixXf(outputs, n)};
  for (bf::Index s = 0; s < n; ++s) {
    for (auto* part : {&table.X, &table.Z}) {
      for (bf::Index i = 0; i < part->rows(); ++i) {
        if (!(file >> (*part)(i, s))) {
          throw std::runtime_error(path + ": sample " + std::to_string(s + 1) + " is cut off");
        }
      }
    }
  }
  return table;
}

/// The class of each sample alone, the first of several.
void make_one_hot(Table& table) {
  if (table.Z.rows() > 1) table.Z = bf::one_hot<float>(bf::labels_of(table.Z), table.Z.rows());
}

/// A way to train, by cross-validation.
struct Trial {
  bf::ScalingKind kind;  ///< of the inputs
  bf::Index epoch;       ///< with the lowest error
  double error;
};

/// Adds the squared error on held-out data after each epoch, a hook. Of classes it is the error of
/// their probabilities, the Brier score: cross-entropy rises without bound where a network is wrong
/// and certain, long before more of its classes are wrong; the share of wrong ones is coarse.
class HeldOutErrors {
 public:
  HeldOutErrors(const Table& held_out, Eigen::ArrayXd& errors)
      : held_out_(held_out), errors_(errors) {}

  template <class T>
  void after_epoch(T& training, bf::EpochReport& report) {
    errors_[report.epoch - 1] +=
        double((training.network()(held_out_.X) - held_out_.Z).squaredNorm());
  }

 private:
  const Table& held_out_;
  Eigen::ArrayXd& errors_;
};

/// Means over windows of 21 values, shorter at both ends.
Eigen::ArrayXd smoothed(const Eigen::ArrayXd& values) {
  Eigen::ArrayXd means(values.size());
  for (bf::Index i = 0; i < values.size(); ++i) {
    const bf::Index first = (std::max)(i - 10, bf::Index{0});
    const bf::Index last = (std::min)(i + 10, values.size() - 1);
    means[i] = values.segment(first, last - first + 1).mean();
  }
  return means;
}

template <class Activation>
using Net = bf::Mlp<float, bf::Input<bf::Dynamic>, bf::Dense<32, bf::Tanh>,
                    bf::Dense<bf::Dynamic, Activation>>;

bf::Scaling target_scaling(const Set& set, const Table& table) {
  return bf::Scaling(
      table.Z, {.kind = set.has_classes ? bf::ScalingKind::Unchanged : bf::ScalingKind::Standard});
}

/// Trains a network, with inputs of a table scaled in one way.
template <class Activation, class Loss, class... Hooks>
Net<Activation> trained(const Set& set, const Table& table, const Loss& loss,
                        const bf::Scaling& inputs, std::uint64_t seed, bf::Index epochs,
                        Hooks&&... hooks) {
  const Eigen::MatrixXf X = inputs.apply(table.X), Z = target_scaling(set, table).apply(table.Z);
  Net<Activation> net(X.rows(), 32, Z.rows());
  bf::Random random(seed);
  net.initialize(bf::Glorot{}, random);
  const bf::History history =
      bf::fit(net, loss, bf::Adam{.learning_rate = 3e-3}, bf::Samples(X, Z),
              {.epochs = epochs, .batch_size = 32, .seed = seed, .final_rate = 0.05}, hooks...);
  if (history.status == bf::TrainingStatus::NonFinite) {
    throw std::runtime_error(std::string(set.name) + ": a number was not finite");
  }
  return net;
}

/// The epoch with the lowest error of cross-validation.
template <class Activation, class Loss>
Trial trial_of(const Set& set, const Table& table, const std::vector<bf::Fold>& folds,
               const Loss& loss, bf::ScalingKind kind, std::uint64_t seed, bf::Index epochs) {
  Eigen::ArrayXd errors = Eigen::ArrayXd::Zero(epochs);
  for (const bf::Fold& fold : folds) {
    const Table training{bf::gather(table.X, fold.training), bf::gather(table.Z, fold.training)};
    const bf::Scaling inputs(training.X, {.kind = kind});
    const Table held_out{inputs.apply(bf::gather(table.X, fold.validation)),
                         target_scaling(set, training).apply(bf::gather(table.Z, fold.validation))};
    (void)trained<Activation>(set, training, loss, inputs, seed, epochs,
                              HeldOutErrors(held_out, errors));
  }
  bf::Index best = 0;
  const double error = smoothed(errors).minCoeff(&best);
  return {kind, best + 1, error};
}

/// Tries inputs as they are and scaled to deviation 1 by cross-validation, trains the better way on
/// the whole table for as many epochs, and tells the error on the test file.
template <class Activation, class Loss>
double error_of(const Set& set, const Table& table, const Table& test, const Loss& loss,
                std::uint64_t seed, bf::Index epochs) {
  bf::Random random(seed);
  const std::vector<bf::Fold> folds = bf::k_folds(table.X.cols(), 5, random);
  const Trial plain =
      trial_of<Activation>(set, table, folds, loss, bf::ScalingKind::Unchanged, seed, epochs);
  const Trial scaled =
      trial_of<Activation>(set, table, folds, loss, bf::ScalingKind::Standard, seed, epochs);
  const Trial& better = plain.error <= scaled.error ? plain : scaled;
  const bf::Scaling inputs(table.X, {.kind = better.kind});
  const auto net = trained<Activation>(
      set, table, loss, inputs, seed, epochs,
      [&](const bf::EpochReport& report) { return report.epoch < better.epoch; });
  const Eigen::MatrixXf Y = target_scaling(set, table).invert(net(inputs.apply(test.X)));
  if (set.has_classes) return 100 * (1 - bf::accuracy(Y, test.Z));
  bf::NormalizedRootMeanSquaredError error;
  error.add(Y, test.Z);
  return error.value();
}

double error_of(const Set& set, const Table& table, const Table& test, std::uint64_t seed,
                bf::Index epochs) {
  if (!set.has_classes) {
    return error_of<bf::Linear>(set, table, test, bf::HalfSquaredError{}, seed, epochs);
  }
  if (table.Z.rows() == 1) {
    return error_of<bf::Sigmoid>(set, table, test, bf::BinaryCrossEntropy{}, seed, epochs);
  }
  return error_of<bf::Softmax>(set, table, test, bf::CategoricalCrossEntropy{}, seed, epochs);
}

/// "mean ± standard error" of some errors; "–" for none.
std::string text_of(const std::vector<double>& errors, bool has_classes) {
  if (errors.empty()) return "–";
  const auto n = static_cast<double>(errors.size());
  double mean = 0, squares = 0;
  for (const double e : errors) mean += e / n;
  for (const double e : errors) squares += (e - mean) * (e - mean);
  char text[80];
  std::snprintf(text, sizeof text, has_classes ? "%.2f ± %.2f %%" : "%.4f ± %.4f", mean,
                n > 1 ? std::sqrt(squares / (n - 1) / n) : 0);
  return text;
}

/// The errors of a library on a set, from the table of tables_others.py.
std::vector<double> errors_of(const bf::CsvTable& others, const char* set, const char* library) {
  std::vector<double> errors;
  if (others.rows() == 0) return errors;
  const auto sets_of = others.labels("set"), libraries = others.labels("library");
  const bf::Index a = others.column("set").categories.label_of(set);
  const bf::Index b = others.column("library").categories.label_of(library);
  for (bf::Index r = 0; r < others.rows(); ++r) {
    const auto row = static_cast<std::size_t>(r);
    if (sets_of[row] == a && libraries[row] == b) errors.push_back(others.value(r, 2));
  }
  return errors;
}

void run(const std::string& folder, const std::string& others_path, std::uint64_t seeds, bool quick,
         const std::string& only) {
  const auto is_only = [&](const Set& set) { return only == set.name; };
  if (!only.empty() && std::none_of(std::begin(sets), std::end(sets), is_only)) {
    throw std::runtime_error("--only: there is no set " + only);
  }
  bf::CsvTable others;
  if (!others_path.empty()) {
    others = bf::read_csv(
        others_path, {.columns = {"set", "library", "error"}, .categorical = {"set", "library"}});
  }
  std::printf("| set | Backfold | FANN | scikit-learn |\n| --- | ---: | ---: | ---: |\n");
  for (const Set& set : sets) {
    if (!only.empty() && !is_only(set)) continue;
    Table table = read(folder + "/" + set.name + ".train");
    Table test = read(folder + "/" + set.name + ".test");
    if (set.has_classes) {
      make_one_hot(table);
      make_one_hot(test);
    }
    if (quick && table.X.cols() > 600) continue;
    std::vector<double> errors;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      errors.push_back(error_of(set, table, test, seed, quick ? 30 : 400));
    }
    std::printf("| %s | %s | %s | %s |\n", set.name, text_of(errors, set.has_classes).c_str(),
                text_of(errors_of(others, set.name, "FANN"), set.has_classes).c_str(),
                text_of(errors_of(others, set.name, "scikit-learn"), set.has_classes).c_str());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* const usage =
      "tables [--quick] [--seeds N] [--only set] [--others others.csv] [folder]";
  std::string folder = "/usr/share/doc/libfann-dev/examples/datasets", others, only;
  std::uint64_t seeds = 18;
  bool quick = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
      seeds = 2;
    } else if (std::strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
      seeds = static_cast<std::uint64_t>(number_of(argv[++i], usage));
    } else if (std::strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
      only = argv[++i];
    } else if (std::strcmp(argv[i], "--others") == 0 && i + 1 < argc) {
      others = argv[++i];
    } else {
      folder = folder_of(argv[i], usage);
    }
  }
  if (!std::filesystem::exists(folder)) {
    std::printf("No tables in %s: apt-get install libfann-doc\n", folder.c_str());
    return 0;
  }
  try {
    run(folder, others, seeds, quick, only);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tables: %s\n", error.what());
    return 1;
  }
}
