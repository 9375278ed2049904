// SPDX-License-Identifier: MIT
// Pictures of the examples: a file of numbers, a script for gnuplot next to it and, where gnuplot
// is installed, the SVG that it draws.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Writes text to a file. @throws std::runtime_error if it cannot
inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

/// Numbers with six digits, as gnuplot reads them.
inline std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// Text with each of some words replaced.
inline std::string filled(std::string text,
                          const std::vector<std::pair<std::string, std::string>>& replacements) {
  for (const auto& [word, by] : replacements) {
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += by.size()) {
      text.replace(at, word.size(), by);
    }
  }
  return text;
}

/// Text between quotes of gnuplot, which may contain quotes itself.
inline std::string quoted(const std::string& text) {
  return "'" + filled(text, {{"'", "''"}}) + "'";
}

/// A file's name for a command line, whatever it contains.
inline std::string shell_quoted(const std::string& name) {
#ifdef _WIN32
  return '"' + name + '"';
#else
  return "'" + filled(name, {{"'", "'\\''"}}) + "'";
#endif
}

/// Whether gnuplot can be called.
inline bool has_gnuplot() {
#ifdef _WIN32
  static const bool found = std::system("gnuplot --version > NUL 2>&1") == 0;
#else
  static const bool found = std::system("gnuplot --version > /dev/null 2>&1") == 0;
#endif
  return found;
}

/// Writes name.dat and name.gp into the working folder and draws name.svg, width x height pixels.
///
/// The script names files without a folder: it runs where they are.
/// @param data blocks of rows; `index i` is the block after i pairs of blank lines
/// @param script plot commands; terminal and output are set before them
/// @return whether there is a picture; false without gnuplot
/// @throws std::runtime_error if a file cannot be written or gnuplot refuses the script
inline bool draw(const std::string& name, int width, int height, const std::string& data,
                 const std::string& script) {
  write_file(name + ".dat", data);
  write_file(name + ".gp", "# gnuplot " + name + ".gp draws " + name + ".svg from " + name +
                               ".dat\n"
                               "set encoding utf8\n"
                               "set terminal svg size " +
                               std::to_string(width) + "," + std::to_string(height) +
                               " font 'sans-serif,15' background rgb 'white'\n"
                               "set output " +
                               quoted(name + ".svg") + '\n' + script);
  if (!has_gnuplot()) return false;
  if (std::system(("gnuplot " + shell_quoted(name + ".gp")).c_str()) != 0) {
    throw std::runtime_error("gnuplot cannot draw " + name + ".gp");
  }
  return true;
}
