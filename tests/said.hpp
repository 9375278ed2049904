// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

/// The message of the error that a wrong use throws.
inline std::string said(const std::function<void()>& wrong) {
  try {
    wrong();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was thrown";
}
