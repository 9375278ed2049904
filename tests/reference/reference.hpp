// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

/// A file of reference values: lines `key rows cols`, each followed by the numbers, column-major.
class Reference {
 public:
  explicit Reference(const std::string& name) {
    const std::string path = std::string(BACKFOLD_TEST_REFERENCE_DIR) + "/" + name + ".txt";
    std::ifstream file(path);
    if (!file) throw std::runtime_error(path + " cannot be opened");
    std::string key;
    Eigen::Index rows, cols;
    while (file >> key >> rows >> cols) {
      Eigen::MatrixXd matrix(rows, cols);
      for (Eigen::Index i = 0; i < matrix.size(); ++i) file >> matrix.data()[i];
      if (!file) throw std::runtime_error(path + ": " + key + " is cut short");
      values_[key] = matrix;
    }
  }

  bool has(const std::string& key) const { return values_.count(key) > 0; }
  const Eigen::MatrixXd& operator[](const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) throw std::runtime_error("the reference has no " + key);
    return found->second;
  }
  double number(const std::string& key) const { return (*this)[key](0, 0); }
  std::vector<Eigen::Index> indices(const std::string& key) const {
    std::vector<Eigen::Index> result;
    for (const double v : (*this)[key].reshaped()) result.push_back(static_cast<Eigen::Index>(v));
    return result;
  }

 private:
  std::map<std::string, Eigen::MatrixXd> values_;
};

/// The largest difference, relative to the largest entry of what is expected (at least 1).
inline double difference(const Eigen::MatrixXd& a, const Eigen::MatrixXd& expected) {
  if (a.rows() != expected.rows() || a.cols() != expected.cols()) return 1e300;
  if (a.size() == 0) return 0;
  return (a - expected).cwiseAbs().maxCoeff() / std::max(1.0, expected.cwiseAbs().maxCoeff());
}
