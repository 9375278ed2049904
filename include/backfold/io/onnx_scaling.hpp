// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/data/scaling.hpp"
#include "backfold/io/onnx_graph.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Nodes that scale inputs, or turn outputs back.
class OnnxScaling {
 public:
  OnnxScaling(OnnxGraph& graph, const Scaling& scaling, const char* name)
      : graph_(graph), scaling_(scaling), name_(name) {}

  /// x' = (x − center)/width + base. Where floats compute it, a second float holds the rest of each
  /// center: x − center is exact then for x near a center that is large relative to the width.
  std::string add(const std::string& x) {
    if (is_identity()) return x;
    std::vector<double> rest;
    bool has_rest = false;
    for (const double center : scaling_.center()) {
      rest.push_back(center - graph_.rounded(center));
      has_rest = has_rest || rest.back() != 0;
    }
    std::string result = graph_.add("Sub", {x, constant("center", scaling_.center())});
    if (has_rest) result = graph_.add("Sub", {result, vector("center_rest", rest)});
    for (const double width : scaling_.width()) {
      if (graph_.rounded(width) == 0) {
        fail_argument("onnx: ", name_, " has the width ", width,
                      ", which is 0 as a float; expected OnnxScalar::Double");
      }
    }
    result = graph_.add("Div", {result, constant("width", scaling_.width())});
    return scaling_.base() == 0 ? result : graph_.add("Add", {result, base()});
  }

  /// x = (x' − base)·width + center
  std::string add_inverse(const std::string& x) {
    if (is_identity()) return x;
    const std::string moved = scaling_.base() == 0 ? x : graph_.add("Sub", {x, base()});
    const std::string wide = graph_.add("Mul", {moved, constant("width", scaling_.width())});
    return graph_.add("Add", {wide, constant("center", scaling_.center())});
  }

 private:
  [[nodiscard]] bool is_identity() const {
    return scaling_.size() == 0 || scaling_.kind() == ScalingKind::Unchanged;
  }
  std::string vector(const char* name, const std::vector<double>& numbers) {
    return graph_.add_constant(name_ + "." + name, {static_cast<Index>(numbers.size())}, numbers);
  }
  std::string constant(const char* name, const Vector<double>& numbers) {
    return vector(name, {numbers.begin(), numbers.end()});
  }
  std::string base() { return graph_.add_constant(name_ + ".base", {}, {scaling_.base()}); }

  OnnxGraph& graph_;
  const Scaling& scaling_;
  std::string name_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
