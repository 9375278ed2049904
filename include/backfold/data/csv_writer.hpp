// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "backfold/core/file_writer.hpp"
#include "backfold/core/number_text.hpp"
#include "backfold/data/csv_blocks.hpp"

/// Not in backfold.hpp, see `data/csv.hpp`.

BACKFOLD_BEGIN_NAMESPACE

/// Writes a CSV file row by row, which replaces an old one at `commit`.
class CsvWriter {
 public:
  /// @throws std::runtime_error naming the file and the error, as the other functions do
  CsvWriter(const std::string& path, const std::vector<std::string>& names, char delimiter = ',')
      : file_(path), delimiter_(delimiter), fields_(static_cast<Index>(names.size())) {
    detail::check_delimiter(delimiter);
    for (const std::string& name : names) add_text(name);
    end_row();
  }

  /// Writes the columns of x (features × n) as rows, each number in the fewest digits that read
  /// back exactly. NaN is written as "nan", by default a missing value; "inf" is not read again.
  template <class X>
  void add(const Eigen::DenseBase<X>& x) {
    add_rows(x, 0, [](Index) {});
  }
  /// Writes rows with a name before the numbers, for example the predicted class.
  template <class X>
  void add(const std::vector<std::string>& names, const Eigen::DenseBase<X>& x) {
    if (static_cast<Index>(names.size()) != x.cols()) {
      fail_argument("csv: expected ", x.cols(), " names, one for each row, got ", names.size());
    }
    add_rows(x, 1, [&](Index row) { add_text(names[static_cast<std::size_t>(row)]); });
  }
  /// Writes the rows of a table.
  void add(const CsvTable& table) {
    const auto count = static_cast<Index>(table.columns().size());
    if (count != fields_) {
      fail_argument("csv: a row has ", fields_, " fields, got ", count, " columns");
    }
    for (Index row = 0; row < table.rows(); ++row) {
      for (Index c = 0; c < count; ++c) {
        const CsvColumn& column = table.columns()[static_cast<std::size_t>(c)];
        const double x = table.value(row, c);
        if (column.is_categorical) {
          add_text(column.categories.name(static_cast<Index>(x)));
        } else {
          add_number(x);
        }
      }
      end_row();
    }
  }

  /// Replaces an old file by the new one.
  void commit() { file_.commit(); }

 private:
  /// @param add_first adds the `first_fields` fields of a row that precede its numbers
  template <class X, class Function>
  void add_rows(const Eigen::DenseBase<X>& x, Index first_fields, const Function& add_first) {
    static_assert(Real<typename X::Scalar>, "backfold: a CSV file is written of float or double");
    if (x.rows() + first_fields != fields_) {
      fail_argument("csv: a row has ", fields_ - first_fields, " fields, got ", x.rows(),
                    " features");
    }
    const auto& numbers = x.derived().eval();
    for (Index s = 0; s < numbers.cols(); ++s) {
      add_first(s);
      for (Index i = 0; i < numbers.rows(); ++i) add_number(numbers(i, s));
      end_row();
    }
  }

  void begin_field() {
    if (!row_.empty()) row_ += delimiter_;
  }

  template <class S>
  void add_number(S x) {
    begin_field();
    detail::append_number(row_, x);
  }

  /// Quotes a field unless it is plain: it might be read as something else, or as missing.
  void add_text(const std::string& text) {
    begin_field();
    const bool is_plain = !is_missing(text) && text.front() != ' ' && text.back() != ' ' &&
                          !detail::begins_with_utf8_mark(text) &&
                          !detail::begins_with_utf16_mark(text) &&
                          text.find_first_of("\"\t\r\n") == std::string::npos &&
                          text.find(delimiter_) == std::string::npos;
    if (is_plain) {
      row_ += text;
      return;
    }
    row_ += '"';
    for (const char c : text) {
      if (c == '"') row_ += '"';
      row_ += c;
    }
    row_ += '"';
  }
  [[nodiscard]] bool is_missing(const std::string& text) const {
    return std::find(missing_.begin(), missing_.end(), text) != missing_.end();
  }

  void end_row() {
    row_ += '\n';
    file_.write(row_);
    row_.resize(0);
  }

  detail::FileWriter file_;
  char delimiter_;
  Index fields_;
  std::vector<std::string> missing_ = CsvOptions().missing;
  std::string row_;
};

BACKFOLD_END_NAMESPACE
