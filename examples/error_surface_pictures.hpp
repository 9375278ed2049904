// SPDX-License-Identifier: MIT
// Pictures of error_surface: learning curves, and contours with stationary points and paths.
#pragma once

#include <algorithm>
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "contours.hpp"
#include "error_surface_net.hpp"
#include "learning_curve.hpp"
#include "picture.hpp"

namespace bf = backfold;

inline constexpr const char* line_colours[] = {"#1560d4", "#d81b2a", "#178a3c", "#9c27b0",
                                               "#e88a00"};

inline std::string lines(std::size_t i) {
  return " with lines lw 2 lc rgb '" + std::string(line_colours[i % 5]) + "'";
}

/// Learning curves in one frame.
struct Panel {
  std::string title, x_label;
  std::vector<LearningCurve> curves;
  double floor;  ///< lowest E shown
  /// Further settings of its axes.
  std::string commands = "set format y '10^{%L}'\nset ytics auto\n";
};

/// E by steps, up to where it stays below a floor.
inline std::string data_of(const std::vector<double>& errors, double floor) {
  const int below = steps_to(errors, floor);
  const int last = below < 0 ? int(errors.size()) - 1 : below;
  std::string data;
  for (int i = 0; i <= last; ++i) {
    const double E = errors[std::size_t(i)];
    if (std::isfinite(E)) data += number(i) + ' ' + number((std::max)(E, floor)) + '\n';
  }
  return data + "\n\n";
}

/// E against steps or epochs, the panels next to each other.
inline void draw_curves(const std::string& name, const std::vector<Panel>& panels) {
  std::string data;
  std::string script = "set multiplot layout 1," + std::to_string(panels.size()) +
                       "\nset logscale y\nset grid\nset ylabel 'E'\n"
                       "set key at graph 0.5,-0.17 center top vertical maxcols 1 Left reverse "
                       "samplen 2\nset bmargin 8\n";
  int block = 0;
  for (const Panel& panel : panels) {
    script += "set title '" + panel.title + "'\nset xlabel '" + panel.x_label +
              "' offset 0,0.8\nset yrange [" + number(panel.floor) + ":*]\n" + panel.commands +
              "plot ";
    for (std::size_t i = 0; i < panel.curves.size(); ++i) {
      data += data_of(panel.curves[i].errors, panel.floor);
      script += (i > 0 ? ", \\\n  '" : "'") + name + ".dat' index " + std::to_string(block++) +
                lines(i) + " title '" + panel.curves[i].label + "'";
    }
    script += '\n';
  }
  draw(name, 1000, 540, data, script + "unset multiplot\n");
}

// The surface.

inline constexpr double half_side = 8;         // of the picture
inline constexpr double plateau_slope = 0.01;  // |∇E| below it, where E is not small
inline constexpr double plateau_error = 0.05;

/// A point on a plateau, and the place in the picture where its E is written.
struct Plateau {
  Eigen::Vector2d w;
  double label_x;
};
inline const std::vector<Plateau> plateaus{
    {{7, 7}, 6.1}, {{-7, -7}, -6.3}, {{-7, 6}, -5.4}, {{6, -7}, 2.8}};

inline std::string point_data(const Eigen::Vector2d& w) {
  return number(w[0]) + ' ' + number(w[1]) + '\n';
}

/// Blocks: each kind of point, plateaus, paths, errors, then log E over the plane (into grid).
inline std::string surface_data(ErrorSurface& surface, const NewtonSearch& search,
                                const std::vector<Descent>& paths, Eigen::MatrixXd& grid) {
  std::string data, flat, plane;
  for (const char* kind : {"minimum", "saddle", "maximum"}) {
    for (const StationaryPoint& p : search.points) {
      if (std::string(kind) == p.kind()) data += point_data(p.w);
    }
    data += "\n\n";
  }
  const bf::Index size = grid.rows();
  for (bf::Index y = 0; y < size; ++y) {
    for (bf::Index x = 0; x < size; ++x) {
      const Eigen::Vector2d w =
          half_side * (2 * Eigen::Array2d(double(x), double(y)) / double(size - 1) - 1);
      Eigen::Vector2d gradient;
      const double E = surface(w.data(), gradient.data());
      grid(x, y) = std::log10((std::max)(E, 1e-6));
      plane += number(w[0]) + ' ' + number(w[1]) + ' ' + number(grid(x, y)) + '\n';
      if (gradient.norm() < plateau_slope && E > plateau_error) flat += point_data(w);
    }
    plane += '\n';
  }
  data += flat + "\n\n";
  for (const Descent& d : paths) {
    for (const int i : shown_steps(int(d.points.size()) - 1, 1.02)) {
      data += point_data(d.points[std::size_t(i)]);
    }
    data += "\n\n";
  }
  for (const Descent& d : paths) data += data_of(d.curve.errors, 1e-6);
  return data + plane;
}

inline constexpr const char* surface_script = R"(@contours
set multiplot title 'E over w_1 and w_2,  y = tanh(w_1 x + 1) + tanh(w_2 x + 1)' font ',17'
set tmargin at screen 0.91
set bmargin at screen 0.28
set lmargin at screen 0.07
set rmargin at screen 0.49
set xlabel 'w_1' offset 0,0.8
set ylabel 'w_2' offset 1
set xrange [-8:8]
set yrange [-8:8]
unset key
@labels
plot '@file' index 3 with points pt 7 ps 0.2 lc rgb '#f0b050', \
  $contours using 1:2 with lines linecolor rgb '#a4acb8' linewidth 0.8@paths, \
  '@file' index 0 with points pt 3 ps 1.3 lw 2 lc rgb '#111111', \
  '@file' index 1 with points pt 8 ps 1.3 lw 2 lc rgb '#111111', \
  '@file' index 2 with points pt 4 ps 1.1 lw 2 lc rgb '#111111'
unset label

set lmargin at screen 0.58
set rmargin at screen 0.98
set xlabel 'steps τ of gradient descent, η = 1' offset 0,0.8
set ylabel 'E'
set xrange [0:600]
set yrange [1e-6:*]
set logscale y
set format y '10^{%L}'
set grid linecolor rgb '#e4e4e4'
plot @errors

@panel
set key center center vertical maxrows 4 maxcols 2 Left reverse samplen 2 width -4 font ',14'
plot @key, NaN with points pt 3 ps 1.3 lw 2 lc rgb '#111111' title 'minimum', \
  NaN with points pt 8 ps 1.3 lw 2 lc rgb '#111111' title 'saddle', \
  NaN with points pt 4 ps 1.1 lw 2 lc rgb '#111111' title 'maximum', \
  NaN with points pt 7 ps 0.4 lc rgb '#f0b050' title 'plateau: |∇E| < 0.01 although E > 0.05'
unset multiplot
)";

/// Contours with stationary points and the paths of gradient descent; E against its steps.
inline void draw_surface(ErrorSurface& surface, const NewtonSearch& search,
                         const std::vector<Descent>& all, int size) {
  Eigen::MatrixXd grid(size, size);
  const std::string data = surface_data(surface, search, all, grid);
  const int count = int(all.size());
  std::string paths, errors, key, labels;
  for (int i = 0; i < count; ++i) {
    const std::string style = lines(std::size_t(i)), comma = ", \\\n  ";
    const auto block = [&](int index) { return "'@file' index " + std::to_string(index) + style; };
    paths += comma + block(4 + i);
    errors += (i > 0 ? comma : "") + block(4 + count + i);
    key +=
        (i > 0 ? comma : "") + "NaN" + style + " title '" + all[std::size_t(i)].curve.label + "'";
  }
  for (const Plateau& plateau : plateaus) {
    char text[16];
    std::snprintf(text, sizeof text, "%.2f", surface(plateau.w));
    labels += "set label 'E = " + std::string(text) + "' at " + number(plateau.label_x) + ',' +
              number(plateau.w[1]) + (plateau.label_x > 0 ? " right" : " left") +
              " font ',12' front\n";
  }
  draw("error_surface", 1000, 620, data,
       filled(surface_script, {{"@contours", contour_script("@file", 4 + 2 * count, grid)},
                               {"@labels", labels},
                               {"@paths", paths},
                               {"@errors", errors},
                               {"@panel", key_panel(0.19)},
                               {"@key", key},
                               {"@file", "error_surface.dat"}}));
}
