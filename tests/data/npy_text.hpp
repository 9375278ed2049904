// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>

#include "backfold/data/npy.hpp"
#include "catch.hpp"
#include "temporary_file.hpp"

/// Runs it; what its error says after the name of the file.
inline std::string said(const std::string& path, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    REQUIRE(what.substr(0, path.size() + 2) == path + ": ");
    return what.substr(path.size() + 2);
  }
  return "read";
}

template <class S = double>
std::string said_of(const std::string& content) {
  const TemporaryFile file("npy_test.tmp", content);
  return said(file.path, [&] { (void)backfold::read_npy<S>(file.path); });
}

/// A file of this header and these bytes of data, of version 1 or 3.
inline std::string npy(const std::string& header, std::size_t bytes = 0, char version = 1) {
  std::string text = "\x93NUMPY";
  text += version;
  text += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    text += static_cast<char>(header.size() >> 8 * i & 255);
  }
  return text + header + std::string(bytes, '\1');
}
