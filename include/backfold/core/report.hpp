// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "backfold/core/error.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Result of a list of checks: empty, or a line for each failure.
class Report {
 public:
  [[nodiscard]] bool ok() const { return failures_.empty(); }
  [[nodiscard]] const std::string& failures() const { return failures_; }

  /// Records a failure, described by strings and numbers, unless `held`.
  template <class... Parts>
  void expect(bool held, const Parts&... parts) {
    if (held) return;
    char line[detail::longest_message];
    detail::write_message(line, sizeof line, {parts..., "\n"});
    failures_ += line;
  }

 private:
  std::string failures_;
};

BACKFOLD_END_NAMESPACE
