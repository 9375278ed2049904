// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backfold/core/number_text.hpp"
#include "backfold/data/csv_reader.hpp"
#include "backfold/data/csv_table.hpp"

/// Not in backfold.hpp, see `data/csv.hpp`.

BACKFOLD_BEGIN_NAMESPACE

/// Settings for reading a CSV file.
struct CsvOptions {
  char delimiter = ',';
  bool has_header = true;  ///< if false, the columns are named "1", "2", ...

  /// Columns to read, in this order; if empty, all.
  std::vector<std::string> columns = {};
  /// Columns of names instead of numbers. `scan_csv` finds them.
  std::vector<std::string> categorical = {};

  /// Fields that mean a missing value. In quotes, they are names in a column of names.
  std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "NULL", "null", "?"};
  /// Replacement of a missing number; NaN, for example, to replace later.
  std::optional<double> fill = std::nullopt;
  /// Replacement of a missing name.
  std::optional<std::string> fill_category = std::nullopt;

  std::size_t longest_row = std::size_t{1} << 24;  ///< bytes; a longer row is refused
};

/// Reads a CSV file block by block, in the memory of a block, whatever the size of the file.
///
///     bf::CsvBlocks blocks("large.csv", options, bf::scan_csv("large.csv", options));
///     while (blocks.next(4096)) train_on(blocks.block().matrix<float>(inputs), ...);
///
/// Each error names the file, the row (without the header), its line and the column. All errors
/// except wrong options are std::runtime_error: a row with a different number of fields than the
/// first, a missing value without a replacement, a text that is not a number or outside the range
/// of double.
class CsvBlocks {
 public:
  /// Categories are numbered in order of appearance, so a later block may have more.
  /// @throws std::runtime_error as `next`; for an empty file or an unknown column
  explicit CsvBlocks(const std::string& path, const CsvOptions& options = {})
      : reader_(path, options.delimiter, options.longest_row), options_(options) {
    begin();
  }
  /// Uses the columns of another table or of a scan: their names, order and categories. Unknown
  /// categories are refused.
  CsvBlocks(const std::string& path, const CsvOptions& options,
            const std::vector<CsvColumn>& columns)
      : reader_(path, options.delimiter, options.longest_row), options_(options), is_fixed_(true) {
    begin(columns);
  }
  /// Reads from a stream, which must outlive the object. @param name of the stream, for messages
  CsvBlocks(std::istream& stream, const std::string& name, const CsvOptions& options = {})
      : reader_(stream, name, options.delimiter, options.longest_row), options_(options) {
    begin();
  }

  /// Reads up to `most` further rows; false if there are none.
  bool next(Index most) {
    table_.values_.resize(0);
    for (Index r = 0; r < most && next_row(); ++r) read_row();
    return table_.rows() > 0;
  }
  /// The block that `next` has read.
  [[nodiscard]] const CsvTable& block() const { return table_; }

  /// The remaining rows, as a table.
  CsvTable rest() {
    next((std::numeric_limits<Index>::max)());
    CsvTable all(table_.columns_);
    all.values_.swap(table_.values_);
    return all;
  }

 private:
  friend std::vector<CsvColumn> scan_csv(const std::string& path, const CsvOptions& options);

  /// Flags the columns that have a field which is neither a number nor missing.
  std::vector<bool> find_categorical() {
    std::vector<bool> is_categorical;
    for (const CsvColumn& column : table_.columns_) {
      is_categorical.push_back(column.is_categorical);
    }
    while (next_row()) {
      for (std::size_t c = 0; c < fields_.size(); ++c) {
        if (is_categorical[c]) continue;
        const std::string_view field = reader_.field(fields_[c]);
        double number;
        is_categorical[c] = detail::read_number(field, number) == detail::NumberText::NoNumber &&
                            !is_missing(field);
      }
    }
    return is_categorical;
  }

  /// The columns with all categories, after a pass has found which are categorical.
  std::vector<CsvColumn> find_categories(const std::vector<bool>& is_categorical) {
    for (std::size_t c = 0; c < fields_.size(); ++c) {
      table_.columns_[c].is_categorical = is_categorical[c];
    }
    while (next(1024)) {
    }
    return table_.columns_;
  }

  bool next_row() {
    if (!has_pending_ && !reader_.next()) return false;
    has_pending_ = false;
    check_count();
    return true;
  }

  void begin(const std::vector<CsvColumn>& wanted = {}) {
    if (!reader_.next()) fail_runtime(reader_.name(), ": is empty");
    field_count_ = reader_.fields();
    std::vector<std::string> names;
    for (Index i = 0; i < field_count_; ++i) {
      names.push_back(options_.has_header ? std::string(reader_.field(i)) : std::to_string(i + 1));
    }
    has_pending_ = !options_.has_header;
    std::vector<CsvColumn> columns = wanted;
    for (const std::string& name : options_.columns) {
      if (!is_fixed_) columns.push_back({name});
    }
    const bool all = columns.empty();
    for (const std::string& name : names) {
      if (all) columns.push_back({name});
    }
    for (std::size_t c = 0; c < columns.size(); ++c) {
      fields_.push_back(all ? static_cast<Index>(c) : find(names, columns[c].name));
    }
    table_ = CsvTable(columns);
    for (const std::string& name : options_.categorical) {
      const Index field = find(names, name);
      for (std::size_t c = 0; c < fields_.size() && !is_fixed_; ++c) {
        if (fields_[c] == field) table_.columns_[c].is_categorical = true;
      }
    }
  }

  [[nodiscard]] Index find(const std::vector<std::string>& names, const std::string& name) const {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      std::string there;
      for (const std::string& other : names) {
        there += " \"";
        there += detail::shortened(other);
        there += '"';
      }
      if (there.size() > 500) there = there.substr(0, 500) + " ...";
      fail_runtime(reader_.name(), ": has no column \"", name, "\"; it has", there);
    }
    const Index first = found - names.begin();
    const auto again = std::find(found + 1, names.end(), name);
    if (again != names.end()) {
      fail_runtime(reader_.name(), ": column \"", name, "\" is there twice, as ", first + 1,
                   " and ", (again - names.begin()) + 1);
    }
    return first;
  }

  [[nodiscard]] Index row() const { return reader_.row() - (options_.has_header ? 1 : 0); }

  template <class... Parts>
  [[noreturn]] void fail(std::size_t c, const Parts&... parts) const {
    fail_runtime(reader_.name(), ": row ", row(), " (line ", reader_.line(), "), column ",
                 fields_[c] + 1, " (", detail::shortened(table_.columns_[c].name), "): ", parts...);
  }

  void check_count() const {
    if (reader_.fields() == field_count_) return;
    fail_runtime(reader_.name(), ": row ", row(), " (line ", reader_.line(), ") has ",
                 reader_.fields(), " fields, expected ", field_count_);
  }

  [[nodiscard]] bool is_missing(std::string_view field) const {
    return std::find(options_.missing.begin(), options_.missing.end(), field) !=
           options_.missing.end();
  }

  void read_row() {
    for (std::size_t c = 0; c < fields_.size(); ++c) {
      const std::string_view field = reader_.field(fields_[c]);
      const bool quoted = reader_.is_quoted(fields_[c]);
      table_.values_.push_back(table_.columns_[c].is_categorical ? label(c, field, quoted)
                                                                 : number(c, field));
    }
  }

  [[nodiscard]] double number(std::size_t c, std::string_view field) const {
    double x = 0;
    // Tries the number first: most fields are numbers, and the list of missing values is long.
    const detail::NumberText result = detail::read_number(field, x);
    if (result == detail::NumberText::Good) return x;
    if (is_missing(field)) {
      if (!options_.fill) fail(c, "the value is missing");
      return *options_.fill;
    }
    fail(c, "\"", detail::shortened(field),
         result == detail::NumberText::OutOfRange ? "\" is outside the range of double"
                                                  : "\" is no number");
  }

  double label(std::size_t c, std::string_view field, bool quoted) {
    if (!quoted && is_missing(field)) {
      if (!options_.fill_category) fail(c, "the value is missing");
      field = *options_.fill_category;
    }
    Categories& categories = table_.columns_[c].categories;
    Index label = categories.label_of(field);
    if (label < 0) {
      if (is_fixed_) fail(c, "\"", detail::shortened(field), "\" is none of its categories");
      label = categories.add(field);
    }
    return static_cast<double>(label);
  }

  CsvReader reader_;
  CsvOptions options_;
  CsvTable table_;
  std::vector<Index> fields_;  // field of each column of the table
  Index field_count_ = 0;
  bool has_pending_ = false;  // the first row of a file without a header has been read
  bool is_fixed_ = false;
};

BACKFOLD_END_NAMESPACE
