// SPDX-License-Identifier: MIT
// Use of a model from train_csv: inputs from a table, outputs in the units and names of the
// targets.
#pragma once

#include <backfold/backfold.hpp>
#include <backfold/data/csv.hpp>
#include <backfold/io/load_any.hpp>
#include <backfold/io/safetensors.hpp>
#include <string>
#include <vector>

/// The columns that gave these features: "area" is one of numbers, "heating=gas" and "heating=wood"
/// are categories of one. Names of columns hold no '='.
inline std::vector<backfold::CsvColumn> columns_of_features(
    const std::vector<std::string>& features) {
  std::vector<backfold::CsvColumn> columns;
  for (const std::string& feature : features) {
    const std::size_t sign = feature.find('=');
    const std::string name = feature.substr(0, sign);
    if (columns.empty() || columns.back().name != name) {
      columns.push_back({name, sign != std::string::npos});
    }
    if (sign != std::string::npos) columns.back().categories.add(feature.substr(sign + 1));
  }
  return columns;
}

/// Outputs for the rows of a table that has the model's input columns and no others, in order.
inline Eigen::MatrixXd outputs_for(const backfold::AnyNetwork<double>& net,
                                   const backfold::CsvTable& table) {
  const backfold::ModelInfo& info = net.info();
  const Eigen::MatrixXd X = info.input_scaling.apply(table.matrix<double>());
  const Eigen::MatrixXd Y = net.run(X);
  return info.target_scaling.size() > 0 ? info.target_scaling.invert(Y) : Y;
}

/// Writes a row for each column of the outputs, for classes with the predicted one in front.
/// @throws std::runtime_error if the file cannot be written
inline void write_outputs(const std::string& path, const backfold::ModelInfo& info,
                          const Eigen::MatrixXd& Y) {
  if (info.classes.empty()) {
    backfold::write_csv(path, info.outputs, Y);
    return;
  }
  // An output of train_csv is "column=class"; both may contain '='.
  const std::string &first = info.outputs[0], ending = '=' + info.classes[0];
  const bool is_named = first.ends_with(ending);
  std::vector<std::string> names = {is_named ? first.substr(0, first.size() - ending.size())
                                             : "class"};
  names.insert(names.end(), info.outputs.begin(), info.outputs.end());
  std::vector<std::string> predicted;
  for (const backfold::Index label : backfold::labels_of(Y)) {
    predicted.push_back(info.classes[static_cast<std::size_t>(label)]);
  }
  backfold::CsvWriter writer(path, names);
  writer.add(predicted, Y);
  writer.commit();
}
