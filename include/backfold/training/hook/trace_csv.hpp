// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/data/csv_writer.hpp"
#include "backfold/training/hook/trace.hpp"

/// Not in backfold.hpp, see `data/csv.hpp`.

BACKFOLD_BEGIN_NAMESPACE

/// Writes the records of a Trace as a CSV file, a row for each record and layer: the layer's name,
/// the step, the LayerStatistics, and delta_norm_k for k = 0, 1, ... steps back in time.
/// @throws std::runtime_error naming the file and the error; an old file is then unchanged
inline void write_csv(const std::string& path, const TraceRecords& trace, char delimiter = ',') {
  std::vector<std::string> names{"layer",        "step",           "net_mean",
                                 "net_variance", "output_mean",    "output_variance",
                                 "delta_mean",   "delta_variance", "saturated",
                                 "dead",         "gradient_norm"};
  for (Index k = 0; k < trace.steps(); ++k) names.push_back("delta_norm_" + std::to_string(k));
  CsvWriter writer(path, names, delimiter);
  Eigen::VectorXd row(static_cast<Index>(names.size()) - 1);
  for (Index i = 0; i < trace.count(); ++i) {
    for (int l = 1; l < trace.layer_count(); ++l) {
      const LayerStatistics s = trace.statistics(i, l);
      row << double(trace.step(i)), s.net_mean, s.net_variance, s.output_mean, s.output_variance,
          s.delta_mean, s.delta_variance, s.saturated, s.dead, s.gradient_norm,
          trace.delta_norms(i, l);
      // One form for all NaN, which a sign would make two.
      for (double& x : row) x = is_nan(x) ? detail::hidden_nan() : x;
      writer.add({trace.layer_name(l)}, row);
    }
  }
  writer.commit();
}

BACKFOLD_END_NAMESPACE
