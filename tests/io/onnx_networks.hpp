// SPDX-License-Identifier: MIT
#pragma once

#include <backfold/backfold.hpp>
#include <backfold/io/onnx.hpp>
#include <string>

#include "onnx_interpreter.hpp"
#include "said.hpp"
#include "temporary_file.hpp"

std::string bytes_of(const auto& net, const backfold::OnnxOptions& options = {}) {
  const TemporaryFile file("backfold_test.onnx");
  backfold::save_onnx(file.path, net, options);
  return content_of(file.path);
}

/// Parameters that are no symmetric values, gains and shifts too.
template <class Net>
Net drawn(Net net) {
  backfold::Random random(7);
  for (auto& w : net.parameters()) {
    w = static_cast<typename Net::Scalar>(backfold::uniform(random, -1.5, 1.5));
  }
  return net;
}

/// Columns become rows.
inline OnnxTensor rows_of(const Eigen::MatrixXd& columns) {
  return {{columns.cols(), columns.rows()}, {columns.data(), columns.data() + columns.size()}};
}
inline Eigen::MatrixXd columns_of(const OnnxTensor& rows) {
  const auto features = rows.shape.back();
  return Eigen::Map<const Eigen::MatrixXd>(rows.numbers.data(), features,
                                           static_cast<long>(rows.numbers.size()) / features);
}

inline Eigen::MatrixXd drawn_inputs(backfold::Index rows, backfold::Index columns) {
  backfold::Random random(3);
  Eigen::MatrixXd X(rows, columns);
  for (double& x : X.reshaped()) x = double(float(backfold::uniform(random, -3, 3)));
  return X;
}

/// The states before the first step: zeros, or the learnt start, which any run of the file gives.
inline OnnxInterpreter::Values first_states(const OnnxFile& file, const OnnxTensor& input) {
  const long batch = input.shape.at(input.shape.size() - 2);
  OnnxInterpreter::Values values{{"input", input}};
  for (const auto& [name, shape] : file.inputs) {
    if (name == "input") continue;
    values[name] = rows_of(Eigen::MatrixXd::Zero(std::stol(shape.back()), batch));
  }
  for (const auto& [name, start] : OnnxInterpreter::run(file, values)) {
    if (name.rfind("start_", 0) != 0) continue;
    values.at(name.substr(6)) = rows_of(columns_of(start).replicate(1, batch));
  }
  values.erase("input");
  return values;
}

/// The message with which a network's file is refused.
template <class Net>
std::string refused(const Net& net, const backfold::OnnxOptions& options = {}) {
  return said([&] { backfold::save_onnx("backfold_never_written.onnx", net, options); });
}

/// Of differences relative to outputs, or to 1 where they are smaller.
template <class S>
inline constexpr double allowed = std::is_same_v<S, double> ? 1e-14 : 5e-7;
