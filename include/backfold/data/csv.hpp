// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/data/csv_blocks.hpp"
#include "backfold/data/csv_table.hpp"
#include "backfold/data/csv_writer.hpp"

/// Tables from CSV files, whole or block by block, and CSV files from matrices. Numbers have a
/// decimal point, whatever the locale. Not in backfold.hpp: it needs files.

BACKFOLD_BEGIN_NAMESPACE

/// Reads a whole CSV file. Errors as for CsvBlocks.
[[nodiscard]] inline CsvTable read_csv(const std::string& path, const CsvOptions& options = {}) {
  return CsvBlocks(path, options).rest();
}
/// Reads with the columns and categories of another table, for test data in the form of the
/// training data.
[[nodiscard]] inline CsvTable read_csv(const std::string& path, const CsvOptions& options,
                                       const std::vector<CsvColumn>& columns) {
  return CsvBlocks(path, options, columns).rest();
}

/// Determines the columns of a CSV file, by reading it twice in the memory of a row. Categorical
/// are the columns that the options name, and columns with a field that is neither a number nor
/// missing; all their categories are collected.
inline std::vector<CsvColumn> scan_csv(const std::string& path, const CsvOptions& options = {}) {
  return CsvBlocks(path, options).find_categories(CsvBlocks(path, options).find_categorical());
}

/// Writes the columns of x (features × n) as the rows of a CSV file, with a header of these names.
/// @throws std::runtime_error naming the file and the error; an old file is then unchanged
template <class X>
void write_csv(const std::string& path, const std::vector<std::string>& names,
               const Eigen::DenseBase<X>& x, char delimiter = ',') {
  CsvWriter writer(path, names, delimiter);
  writer.add(x);
  writer.commit();
}
/// Writes a table as a CSV file.
inline void write_csv(const std::string& path, const CsvTable& table, char delimiter = ',') {
  std::vector<std::string> names;
  for (const CsvColumn& column : table.columns()) names.push_back(column.name);
  CsvWriter writer(path, names, delimiter);
  writer.add(table);
  writer.commit();
}

BACKFOLD_END_NAMESPACE
