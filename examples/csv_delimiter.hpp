// SPDX-License-Identifier: MIT
// The option --delimiter of the programs that read a CSV file.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

/// Adds --delimiter: one character, or "tab", which is hard to type in a shell.
inline void add_delimiter(CLI::App& app, char& delimiter) {
  app.add_option("--delimiter", delimiter, "between fields, one character or tab")
      ->transform([](const std::string& text) -> std::string {
        return text == "tab" || text == "\\t" ? "\t" : text;
      })
      ->capture_default_str();
}
