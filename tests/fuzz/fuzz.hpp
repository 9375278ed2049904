// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#if defined(__unix__)
#include <unistd.h>
#endif

#include "../temporary_file.hpp"

/// The text or bytes that the fuzzer made.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A file of this process, so that several fuzzers may run in one folder; it is gone at the end. In
/// memory, where there is such a folder, as a disk would make each written file wait for its fsync.
inline const std::string& fuzz_path() {
#if defined(__unix__)
  static const std::string process = std::to_string(::getpid());
#else
  static const std::string process = "0";
#endif
  static const TemporaryFile file([] {
    namespace fs = std::filesystem;
    const fs::path memory = "/dev/shm";
    const fs::path folder = fs::is_directory(memory) ? memory : fs::temp_directory_path();
    return (folder / ("backfold_fuzz_" + process)).string();
  }());
  return file.path;
}

inline void write_file(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

/// Stops with a message: a property that must hold for every input does not.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

/// Calls read(), which may refuse its input. Only the documented exceptions pass: any other, an
/// allocation that fails for example, is a finding.
/// @return true if it was not refused
template <class Read>
bool accepts(const Read& read) {
  try {
    read();
    return true;
  } catch (const std::runtime_error& error) {
    require(error.what()[0] != '\0', "an error has a message");
  } catch (const std::invalid_argument& error) {
    require(error.what()[0] != '\0', "an error has a message");
  }
  return false;
}
