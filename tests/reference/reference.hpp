// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "difference.hpp"

#ifndef BACKFOLD_TEST_REFERENCE_DIR
#define BACKFOLD_TEST_REFERENCE_DIR "tests/reference"  // for a test compiled alone, at the root
#endif

/// A file of reference values: lines `key rows cols`, each followed by a line with the numbers,
/// column-major. Empty lines and those that begin with # are passed over.
class Reference {
 public:
  /// @param name of the file, without .txt, in BACKFOLD_TEST_REFERENCE_DIR
  explicit Reference(const std::string& name)
      : path_(std::string(BACKFOLD_TEST_REFERENCE_DIR) + "/" + name + ".txt") {
    std::ifstream file(path_);
    if (!file) throw std::runtime_error(path_ + " cannot be opened");
    std::string line;
    while (next_line(file, line)) {
      std::istringstream head(line);
      std::string key, rest;
      Eigen::Index rows = -1, cols = -1;
      if (!(head >> key >> rows >> cols) || rows < 0 || cols < 0 || head >> rest) {
        fail("expected `key rows cols`, found \"" + line.substr(0, 60) + "\"");
      }
      if (has(key)) fail(key + " stands there twice");
      Eigen::MatrixXd matrix(rows, cols);
      if (!next_line(file, line)) line.clear();
      std::istringstream numbers(line);
      for (Eigen::Index i = 0; i < matrix.size(); ++i) {
        if (!(numbers >> matrix.data()[i])) {
          fail("number " + std::to_string(i + 1) + " of the " + std::to_string(matrix.size()) +
               " of " + key + " is missing or none");
        }
      }
      if (numbers >> rest)
        fail(key + " has more than " + std::to_string(matrix.size()) + " numbers");
      values_.emplace(key, matrix);
    }
  }

  bool has(const std::string& key) const { return values_.count(key) > 0; }
  const Eigen::MatrixXd& operator[](const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) {
      std::string keys;
      for (const auto& value : values_) keys += " " + value.first;
      throw std::runtime_error(path_ + " has no " + key + ", but" + keys);
    }
    return found->second;
  }
  double number(const std::string& key) const { return (*this)[key](0, 0); }
  std::vector<Eigen::Index> indices(const std::string& key) const {
    std::vector<Eigen::Index> result;
    for (const double v : (*this)[key].reshaped()) result.push_back(static_cast<Eigen::Index>(v));
    return result;
  }

 private:
  bool next_line(std::ifstream& file, std::string& line) {
    while (std::getline(file, line)) {
      ++line_number_;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty() && line[0] != '#') return true;
    }
    return false;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(path_ + ":" + std::to_string(line_number_) + ": " + what);
  }

  std::string path_;
  int line_number_ = 0;
  std::map<std::string, Eigen::MatrixXd> values_;
};
