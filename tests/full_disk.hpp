// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "temporary_file.hpp"

/// While it lives, no file of this process grows beyond some bytes: write fails, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::size_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(bytes);
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("no limit can be set");
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

/// Calls save(path) on a disk that is full after n bytes, for n = 0, step, 2·step, ... below the
/// file's length: an error that names the file and the reason, the old file, and no other one.
template <class Save>
void require_old_file_on_full_disk(const Save& save, std::size_t step = 1) {
  namespace fs = std::filesystem;
  const fs::path folder = "full_disk_test.tmp";
  fs::remove_all(folder);
  fs::create_directory(folder);
  const std::string path = (folder / "a").string(), old = "old";
  const auto save_within = [&](std::size_t bytes) -> std::string {
    const FileSizeLimit limit(bytes);
    try {
      save(path);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "written";
  };
  save(path);
  const std::string whole = content_of(path);
  REQUIRE(whole.size() > old.size());
  std::ofstream(path) << old;
  for (std::size_t n = 0; n < whole.size(); n += step) {
    const std::string said = save_within(n);
    CAPTURE(n, whole.size());
    REQUIRE(said == path + ": cannot be written: " + std::strerror(EFBIG));
    REQUIRE(content_of(path) == old);
    REQUIRE(std::distance(fs::directory_iterator(folder), {}) == 1);
  }
  REQUIRE(save_within(whole.size()) == "written");
  REQUIRE(content_of(path) == whole);
  fs::remove_all(folder);
}
