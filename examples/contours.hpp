// SPDX-License-Identifier: MIT
// Contours of a function over a rectangle.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "picture.hpp"

/// Levels for contours: below each is a chosen part of the rectangle.
inline std::vector<double> contour_levels(const Eigen::MatrixXd& grid) {
  std::vector<double> sorted(grid.data(), grid.data() + grid.size()), levels;
  std::sort(sorted.begin(), sorted.end());
  for (const double part : {0.005, 0.02, 0.05, 0.1, 0.18, 0.28, 0.4, 0.53, 0.67, 0.8, 0.92}) {
    levels.push_back(sorted[static_cast<std::size_t>(part * double(sorted.size()))]);
  }
  return levels;
}

/// Plot commands that trace the contours of a grid into the gnuplot table $contours.
///
/// @param file, index the block that has the grid as rows x, y, value
inline std::string contour_script(const std::string& file, int index, const Eigen::MatrixXd& grid) {
  std::string levels;
  for (const double level : contour_levels(grid)) levels += ',' + number(level);
  return "# Contours: levels below which 0.5 % to 92 % of the rectangle are.\n"
         "set contour base\nunset surface\nset cntrparam levels discrete " +
         levels.substr(1) + "\nset table $contours\nsplot '" + file + "' index " +
         std::to_string(index) + " using 1:2:3\nunset table\nunset contour\n";
}

/// Plot commands that make a panel for the key alone, as wide as the picture and up to `height`.
inline std::string key_panel(double height) {
  return "# The key, as wide as the picture.\nset tmargin at screen " + number(height) +
         R"(
set bmargin at screen 0.01
set lmargin at screen 0.03
set rmargin at screen 0.99
unset logscale
unset border
unset tics
unset grid
set xlabel ' '
set ylabel ' '
set xrange [0:1]
set yrange [0:1]
)";
}
