// SPDX-License-Identifier: MIT
// Predicts for the rows of a CSV file with a model that train_csv has written.
//
//     predict_csv [model.safetensors] [data.csv] [--output predictions.csv]
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "csv_delimiter.hpp"
#include "csv_model.hpp"

namespace bf = backfold;

int main(int argc, char** argv) {
  std::string model = "model.safetensors", data = "example.csv", output = "predictions.csv";
  char delimiter = ',';
  CLI::App app("Predicts for the rows of a CSV file with a model of train_csv");
  app.add_option("model", model, "model that train_csv has written")->capture_default_str();
  app.add_option("data", data, "CSV file with the columns of the model's inputs, in any order")
      ->capture_default_str();
  app.add_option("--output", output, "CSV file of the predictions")->capture_default_str();
  add_delimiter(app, delimiter);
  CLI11_PARSE(app, argc, argv);
  try {
    const auto net = bf::load_any<double>(model);
    if (net.info().inputs.empty() || net.info().outputs.empty() || net.is_recurrent()) {
      throw std::runtime_error(model + ": is no model of train_csv (it names no columns)");
    }
    const bf::CsvTable table =
        bf::read_csv(data, {.delimiter = delimiter}, columns_of_features(net.info().inputs));
    if (table.rows() == 0) throw std::runtime_error(data + ": has no rows");
    write_outputs(output, net.info(), outputs_for(net, table));
    std::printf("%s: predictions for %ld rows\n", output.c_str(), static_cast<long>(table.rows()));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "predict_csv: %s\n", error.what());
    return 1;
  }
}
