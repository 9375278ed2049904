// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#if defined(_WIN32)
#include <io.h>
#include <process.h>

#include <filesystem>
#else
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "backfold/core/error.hpp"

/// Not in backfold.hpp: it needs the operating system's headers.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Atomic replacement of a file: it is written to a temporary file, which replaces the old one at
/// `commit`. A killed program or a full disk leaves the old file unchanged.
///
/// The temporary is in the same folder. It is flushed to disk and renamed, then the folder is
/// flushed. Without `commit` it is removed. Links are followed; a target that is not a regular file
/// (a pipe, /dev/stdout) is written directly.
class FileWriter {
 public:
  /// @throws std::runtime_error naming the file and the reason, as the other functions do
  explicit FileWriter(const std::string& path) : path_(path), target_(path) { open(); }
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter() {
    close();
    if (!temporary_.empty()) std::remove(temporary_.c_str());
  }

  /// Appends bytes.
  void write(const void* bytes, std::size_t count) {
    if (buffer_.size() + count > capacity) flush();
    if (count >= capacity) {
      put(static_cast<const char*>(bytes), count);
    } else {
      buffer_.append(static_cast<const char*>(bytes), count);
    }
  }
  void write(const std::string& text) { write(text.data(), text.size()); }

  /// Replaces the old file by the new one.
  void commit() {
    flush();
    sync();
    if (!close()) fail("cannot be written");
    if (temporary_.empty()) return;
    replace();
    temporary_.resize(0);
    sync_folder();
  }

 private:
  static constexpr std::size_t capacity = std::size_t{1} << 16;

  [[noreturn]] void fail(const char* what) {
    fail_runtime(path_, ": ", what, ": ", std::strerror(errno));
  }

  void flush() {
    put(buffer_.data(), buffer_.size());
    buffer_.resize(0);
  }

  /// The folder with its trailing slash, or empty.
  [[nodiscard]] std::string folder() const {
    const std::size_t slash = target_.find_last_of("/\\");
    return slash == std::string::npos ? std::string() : target_.substr(0, slash + 1);
  }

#if defined(_WIN32)
  void open() {
    temporary_ = folder() + "backfold-" + std::to_string(_getpid()) + ".tmp";
    file_ = std::fopen(temporary_.c_str(), "wb");
    if (file_ != nullptr) return;
    temporary_.resize(0);
    fail("cannot be opened for writing");
  }
  void put(const char* bytes, std::size_t count) {
    if (std::fwrite(bytes, 1, count, file_) != count) fail("cannot be written");
  }
  void sync() {
    if (std::fflush(file_) != 0 || _commit(_fileno(file_)) != 0) fail("cannot be written");
  }
  bool close() {
    std::FILE* const file = file_;
    file_ = nullptr;
    return file == nullptr || std::fclose(file) == 0;
  }
  void replace() {
    std::error_code error;
    std::filesystem::rename(temporary_, target_, error);
    if (error) fail_runtime(path_, ": cannot be replaced: ", error.message());
  }
  void sync_folder() {}

  std::FILE* file_ = nullptr;
#else
  void open() {
    struct ::stat old {};
    const bool exists = ::stat(path_.c_str(), &old) == 0;
    if (exists && !S_ISREG(old.st_mode)) {
      descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
      if (descriptor_ < 0) fail("cannot be opened for writing");
      return;
    }
    if (exists) follow_link();
    for (int attempt = 0; descriptor_ < 0; ++attempt) {
      temporary_ = folder() + ".backfold-" + std::to_string(::getpid()) + "-" +
                   std::to_string(attempt) + ".tmp";
      descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      // The name is taken: left by a process with this id, or in use by another thread.
      if (descriptor_ < 0 && errno != EINTR && (errno != EEXIST || attempt == 1000)) {
        temporary_.resize(0);
        fail("cannot be opened for writing");
      }
    }
    // Copies the permissions of the old file as far as the system allows.
    if (exists) (void)!::fchmod(descriptor_, old.st_mode & 07777);
  }
  void follow_link() {
    if (char* const real = ::realpath(path_.c_str(), nullptr)) {
      target_ = real;
      std::free(real);
    }
  }
  void put(const char* bytes, std::size_t count) {
    while (count > 0) {
      const ::ssize_t written = ::write(descriptor_, bytes, count);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("cannot be written");
      bytes += written;
      count -= static_cast<std::size_t>(written);
    }
  }
  static bool synced(int descriptor) {
    while (::fsync(descriptor) != 0) {
      if (errno == EINTR) continue;
      return errno == EINVAL || errno == ENOTSUP;  // a pipe, or a file system without fsync
    }
    return true;
  }
  void sync() {
    if (!synced(descriptor_)) fail("cannot be written");
  }
  /// No retry after EINTR: the descriptor is closed then, too.
  bool close() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    return descriptor < 0 || ::close(descriptor) == 0 || errno == EINTR;
  }
  void replace() {
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot be replaced");
  }
  void sync_folder() {
    const std::string name = folder().empty() ? "." : folder();
    const int descriptor = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;  // a folder that is writable but not readable
    const bool done = synced(descriptor);
    ::close(descriptor);
    if (!done) fail("its folder cannot be written");
  }

  int descriptor_ = -1;
#endif

  std::string path_;       // as the caller names it
  std::string target_;     // the file to replace
  std::string temporary_;  // empty if there is none
  std::string buffer_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
