// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Rows of the outputs that become rows of the next step's inputs.
struct Feedback {
  Index input = 0;   ///< the first row of the inputs
  Index output = 0;  ///< the first row of the outputs
  Index count = 1;   ///< the number of rows
};

/// Feedback from the outputs to the inputs, and the steps at which the loop is closed.
struct FeedbackOptions {
  /// Rows that are fed back, each to a different input. If empty, output i becomes input i. Inputs
  /// without feedback are always given.
  std::vector<Feedback> rows{};
  /// Fraction of the steps whose fed-back inputs are given nevertheless: 0 is a closed loop, 1 is
  /// teacher forcing. It is drawn for each step of each sequence from the noise of the pass.
  double teacher_ratio = 0;
  /// Number of initial steps, at least one, whose inputs are all given.
  Index warm_up = 1;

  /// @throws std::invalid_argument for numbers out of range
  void(check)() const {
    if (!(teacher_ratio >= 0 && teacher_ratio <= 1)) {
      fail_argument("feedback: teacher_ratio must lie between 0 and 1, got ", teacher_ratio);
    }
    if (warm_up < 1) fail_argument("feedback: warm_up must be >= 1, got ", warm_up);
  }
  /// @throws std::invalid_argument for rows outside a network of these sizes, or that overlap
  void check_rows(Index inputs, Index outputs) const {
    if (rows.empty() && outputs > inputs) {
      fail_argument("feedback: ", outputs, " outputs are no inputs of a network with ", inputs);
    }
    for (std::size_t a = 0; a < rows.size(); ++a) {
      check_part("inputs", rows[a].input, rows[a].count, inputs);
      check_part("outputs", rows[a].output, rows[a].count, outputs);
      for (std::size_t b = 0; b < a; ++b) {
        if (rows[a].input < rows[b].input + rows[b].count &&
            rows[b].input < rows[a].input + rows[a].count) {
          fail_argument("feedback: two outputs are fed to input ",
                        (std::max)(rows[a].input, rows[b].input));
        }
      }
    }
  }

  /// Calls f(input, output) for each row that is fed back.
  template <class Function>
  void for_each_row(Index outputs, const Function& f) const {
    for (Index i = 0; rows.empty() && i < outputs; ++i) f(i, i);
    for (const Feedback& part : rows) {
      for (Index i = 0; i < part.count; ++i) f(part.input + i, part.output + i);
    }
  }

 private:
  static void check_part(const char* what, Index first, Index count, Index units) {
    if (count < 1 || first < 0 || first > units || count > units - first) {
      fail_argument("feedback: expected rows of ", units, " ", what, ", got ", count, " from row ",
                    first, " on");
    }
  }
};

BACKFOLD_END_NAMESPACE
