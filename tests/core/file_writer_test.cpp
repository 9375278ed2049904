// SPDX-License-Identifier: MIT
#include "backfold/core/file_writer.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include "catch.hpp"
#include "temporary_file.hpp"

using backfold::detail::FileWriter;
namespace fs = std::filesystem;

namespace {

/// An empty folder that is gone with the object.
struct Folder {
  Folder() { fs::create_directory(path); }
  ~Folder() { fs::remove_all(path); }
  long files() const { return long(std::distance(fs::directory_iterator(path), {})); }
  const fs::path path = fs::path("file_writer_test.tmp");
};

std::string write(const std::string& path, const std::string& content) {
  try {
    FileWriter file(path);
    file.write(content);
    file.commit();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "written";
}

}  // namespace

TEST_CASE("a file is there at the commit, whole, and nothing else") {
  const Folder folder;
  const std::string path = (folder.path / "a").string();
  {
    FileWriter file(path);
    file.write("new ");
    file.write(std::string(100000, 'x'));
    CHECK_FALSE(fs::exists(path));
    file.commit();
  }
  CHECK(content_of(path) == "new " + std::string(100000, 'x'));
  CHECK(folder.files() == 1);
}

TEST_CASE("what is not committed leaves the old file and no temporary") {
  const Folder folder;
  const std::string path = (folder.path / "a").string();
  std::ofstream(path) << "old";
  {
    FileWriter file(path);
    file.write(std::string(200000, 'x'));
    CHECK(folder.files() == 2);
  }
  CHECK(content_of(path) == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("two writers of one file do not mix, the later commit wins") {
  const Folder folder;
  const std::string path = (folder.path / "a").string();
  FileWriter first(path), second(path);
  first.write("first");
  second.write("second");
  second.commit();
  first.commit();
  CHECK(content_of(path) == "first");
  CHECK(folder.files() == 1);
}

#if !defined(_WIN32)
TEST_CASE("a link is followed, rights are kept, and a device is not replaced") {
  const Folder folder;
  const fs::path path = folder.path / "a", link = folder.path / "link";
  std::ofstream(path) << "old";
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("a", link);
  CHECK(write(link.string(), "new") == "written");
  CHECK(fs::is_symlink(link));
  CHECK(content_of(path.string()) == "new");
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(write("/dev/null", "new") == "written");
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("a file name of the greatest length can be written") {
  const Folder folder;
  CHECK(write((folder.path / std::string(255, 'n')).string(), "new") == "written");
}

TEST_CASE("a full disk is an error that names the file") {
  if (!fs::exists("/dev/full")) return;
  CHECK(write("/dev/full", "new") == "/dev/full: cannot be written: No space left on device");
}
#endif
