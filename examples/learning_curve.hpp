// SPDX-License-Identifier: MIT
// Errors over the steps of a training: when they are small, and which of them a picture shows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

/// E before the first step (or epoch), and after each.
struct LearningCurve {
  std::string label;
  std::vector<double> errors;
};

/// Steps after which E stays below a bound, or −1.
inline int steps_to(const std::vector<double>& above, double bound) {
  int steps = int(above.size());
  while (steps > 0 && above[static_cast<std::size_t>(steps - 1)] < bound) --steps;
  return steps < int(above.size()) ? steps : -1;
}

/// Steps that are shown: all of the first, then as many as can be told apart.
inline std::vector<int> shown_steps(int last, double growth) {
  std::vector<int> steps;
  for (int i = 0; i < last; i = (std::max)(i + 1, int(i * growth))) steps.push_back(i);
  steps.push_back(last);
  return steps;
}
