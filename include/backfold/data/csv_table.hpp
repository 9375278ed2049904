// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"
#include "backfold/data/categories.hpp"

/// Not in backfold.hpp, see `data/csv.hpp`.

BACKFOLD_BEGIN_NAMESPACE

/// A column of a table: of numbers, or of names with their labels.
struct CsvColumn {
  std::string name;
  bool is_categorical = false;
  Categories categories = {};
};

/// Rows of a CSV file as samples.
///
///     const bf::CsvTable table = bf::read_csv("iris.csv", {.categorical = {"species"}});
///     const Eigen::MatrixXd X = table.matrix<double>({"sepal length", "sepal width"});
///     const Eigen::MatrixXd Z = table.matrix<double>({"species"});    // one-hot
///     table.column("species").categories.name(bf::labels_of(net(X))[0]);
class CsvTable {
 public:
  CsvTable() = default;
  explicit CsvTable(std::vector<CsvColumn> columns) { columns_.swap(columns); }

  [[nodiscard]] Index rows() const {
    return columns_.empty() ? 0 : static_cast<Index>(values_.size() / columns_.size());
  }
  [[nodiscard]] const std::vector<CsvColumn>& columns() const { return columns_; }

  /// @throws std::invalid_argument if there is no such column, or more than one
  [[nodiscard]] const CsvColumn& column(const std::string& name) const {
    return columns_[position(name)];
  }

  /// A number, or the label of a name. @pre the row and column exist
  [[nodiscard]] double value(Index row, Index column) const {
    return values_[static_cast<std::size_t>(row) * columns_.size() +
                   static_cast<std::size_t>(column)];
  }

  /// Columns as features × rows: a column of numbers is one feature, a column of names is one-hot,
  /// with a feature for each category.
  /// @throws std::invalid_argument for an unknown column
  template <class S>
  [[nodiscard]] Matrix<S> matrix(const std::vector<std::string>& names) const {
    static_assert(Real<S>, "backfold: a table gives matrices of float or double");
    std::vector<std::size_t> chosen;
    Index features = 0;
    for (const std::string& name : names) {
      chosen.push_back(position(name));
      features += width(chosen.back());
    }
    Matrix<S> result = (Matrix<S>::Zero)(features, rows());
    for (Index row = 0; row < rows(); ++row) {
      Index feature = 0;
      for (const std::size_t c : chosen) {
        const double x = value(row, static_cast<Index>(c));
        if (columns_[c].is_categorical) {
          result(feature + static_cast<Index>(x), row) = S(1);
        } else {
          result(feature, row) = static_cast<S>(x);
        }
        feature += width(c);
      }
    }
    return result;
  }
  /// All columns.
  template <class S>
  [[nodiscard]] Matrix<S> matrix() const {
    std::vector<std::string> names;
    for (const CsvColumn& c : columns_) names.push_back(c.name);
    return matrix<S>(names);
  }

  /// Names of the features of `matrix(names)`: the column's name or, for categories,
  /// "column=category".
  [[nodiscard]] std::vector<std::string> feature_names(
      const std::vector<std::string>& names) const {
    std::vector<std::string> result;
    for (const std::string& name : names) {
      const CsvColumn& c = column(name);
      if (!c.is_categorical) result.push_back(name);
      for (const std::string& category : c.categories.names()) {
        result.push_back(name + "=" + category);
      }
    }
    return result;
  }

  /// Labels of a column of names.
  /// @throws std::invalid_argument for an unknown column, or a column of numbers
  [[nodiscard]] std::vector<Index> labels(const std::string& name) const {
    const std::size_t c = position(name);
    if (!columns_[c].is_categorical) {
      fail_argument("csv: column \"", name, "\" holds numbers, no categories");
    }
    std::vector<Index> result;
    for (Index row = 0; row < rows(); ++row) {
      result.push_back(static_cast<Index>(value(row, static_cast<Index>(c))));
    }
    return result;
  }

 private:
  friend class CsvBlocks;

  [[nodiscard]] Index width(std::size_t c) const {
    return columns_[c].is_categorical ? columns_[c].categories.size() : 1;
  }

  [[nodiscard]] std::size_t position(const std::string& name) const {
    std::size_t found = columns_.size();
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].name != name) continue;
      if (found < columns_.size()) {
        fail_argument("csv: column \"", name, "\" is there twice, as ", found + 1, " and ", c + 1);
      }
      found = c;
    }
    if (found == columns_.size()) fail_argument("csv: no column \"", name, "\"");
    return found;
  }

  std::vector<CsvColumn> columns_;
  std::vector<double> values_;  // row by row
};

BACKFOLD_END_NAMESPACE
