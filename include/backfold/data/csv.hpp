// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/data/csv_blocks.hpp"
#include "backfold/data/csv_table.hpp"
#include "backfold/data/csv_writer.hpp"

/// Not in backfold.hpp, as it needs files: tables from CSV files, whole or block by block, and CSV
/// files from matrices. Numbers have a point, whatever the locale.

BACKFOLD_BEGIN_NAMESPACE

/// A whole CSV file. Errors are those of CsvBlocks.
[[nodiscard]] inline CsvTable read_csv(const std::string& path, const CsvOptions& options = {}) {
  return CsvBlocks(path, options).rest();
}
/// With the columns and categories of another table: test data like the training data.
[[nodiscard]] inline CsvTable read_csv(const std::string& path, const CsvOptions& options,
                                       const std::vector<CsvColumn>& columns) {
  return CsvBlocks(path, options, columns).rest();
}

/// The columns of a CSV file, from a look at all of it, twice, in the memory of a row: those with a
/// field that is neither a number nor missing are categorical, with all their categories, and those
/// that the options name.
inline std::vector<CsvColumn> scan_csv(const std::string& path, const CsvOptions& options = {}) {
  return CsvBlocks(path, options).find_categories(CsvBlocks(path, options).find_categorical());
}

/// Writes the columns of x (features × n) as the rows of a CSV file, with a header of these names.
/// @throws std::runtime_error naming the file and what is wrong; an old file is then as it was
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
