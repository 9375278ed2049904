// SPDX-License-Identifier: MIT
// Runs a fuzzer's target on kept inputs, without libFuzzer, so by any compiler.
//
// usage: replay FOLDER
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "../temporary_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int arguments, char** argument) {
  if (arguments != 2) {
    std::fprintf(stderr, "usage: replay FOLDER\n");
    return 1;
  }
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argument[1])) {
    paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    std::fprintf(stderr, "%s\n", path.c_str());  // a target that fails ends the program
    const std::string content = content_of(path);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(content.data()), content.size());
  }
  std::printf("%zu inputs\n", paths.size());
  return paths.empty() ? 1 : 0;
}
