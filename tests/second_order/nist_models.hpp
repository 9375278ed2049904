// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <complex>
#include <functional>
#include <map>
#include <string>

/// The models of NIST's 27 nonlinear regression problems (Statistical Reference Datasets,
/// itl.nist.gov/div898/strd): y = f(b, x), for real and for complex b. The latter give derivatives
/// to rounding: ∂f/∂b = Im f(b + ih)/h for any tiny h.
namespace nist {

using Complex = std::complex<double>;

struct Model {
  std::function<double(const double*, const double*)> value;
  std::function<Complex(const Complex*, const double*)> complex_value;
};

template <class F>
Model model(const F& f) {
  return {[f](const double* b, const double* x) { return f(b, x); },
          [f](const Complex* b, const double* x) { return f(b, x); }};
}

inline std::map<std::string, Model> models() {
  const double pi = 3.141592653589793238462643383279;
  const Model chwirut =
      model([](auto* b, auto* x) { return exp(-b[0] * x[0]) / (b[1] + b[2] * x[0]); });
  const Model gauss = model([](auto* b, auto* x) {
    const auto first = (x[0] - b[3]) / b[4];
    const auto second = (x[0] - b[6]) / b[7];
    return b[0] * exp(-b[1] * x[0]) + b[2] * exp(-first * first) + b[5] * exp(-second * second);
  });
  const Model cubics = model([](auto* b, auto* x) {
    const double t = x[0];
    return (b[0] + t * (b[1] + t * (b[2] + t * b[3]))) / (1.0 + t * (b[4] + t * (b[5] + t * b[6])));
  });
  const Model lanczos = model([](auto* b, auto* x) {
    return b[0] * exp(-b[1] * x[0]) + b[2] * exp(-b[3] * x[0]) + b[4] * exp(-b[5] * x[0]);
  });
  std::map<std::string, Model> all{
      {"Chwirut1", chwirut}, {"Chwirut2", chwirut}, {"Gauss1", gauss},   {"Gauss2", gauss},
      {"Gauss3", gauss},     {"Hahn1", cubics},     {"Thurber", cubics}, {"Lanczos1", lanczos},
      {"Lanczos2", lanczos}, {"Lanczos3", lanczos}};
  all["Bennett5"] = model([](auto* b, auto* x) { return b[0] * pow(b[1] + x[0], -1.0 / b[2]); });
  all["BoxBOD"] = all["Misra1a"] =
      model([](auto* b, auto* x) { return b[0] * (1.0 - exp(-b[1] * x[0])); });
  all["DanWood"] = model([](auto* b, auto* x) { return b[0] * pow(x[0], b[1]); });
  all["ENSO"] = model([pi](auto* b, auto* x) {
    const double year = 2 * pi * x[0] / 12;
    const auto first = 2 * pi * x[0] / b[3], second = 2 * pi * x[0] / b[6];
    return b[0] + b[1] * cos(year) + b[2] * sin(year) + b[4] * cos(first) + b[5] * sin(first) +
           b[7] * cos(second) + b[8] * sin(second);
  });
  all["Eckerle4"] = model([](auto* b, auto* x) {
    const auto z = (x[0] - b[2]) / b[1];
    return b[0] / b[1] * exp(-0.5 * z * z);
  });
  all["Kirby2"] = model([](auto* b, auto* x) {
    return (b[0] + x[0] * (b[1] + x[0] * b[2])) / (1.0 + x[0] * (b[3] + x[0] * b[4]));
  });
  all["MGH09"] = model([](auto* b, auto* x) {
    return b[0] * (x[0] * x[0] + x[0] * b[1]) / (x[0] * x[0] + x[0] * b[2] + b[3]);
  });
  all["MGH10"] = model([](auto* b, auto* x) { return b[0] * exp(b[1] / (x[0] + b[2])); });
  all["MGH17"] = model(
      [](auto* b, auto* x) { return b[0] + b[1] * exp(-x[0] * b[3]) + b[2] * exp(-x[0] * b[4]); });
  all["Misra1b"] = model([](auto* b, auto* x) {
    const auto root = 1.0 + b[1] * x[0] / 2.0;
    return b[0] * (1.0 - 1.0 / (root * root));
  });
  all["Misra1c"] =
      model([](auto* b, auto* x) { return b[0] * (1.0 - 1.0 / sqrt(1.0 + 2.0 * b[1] * x[0])); });
  all["Misra1d"] = model([](auto* b, auto* x) { return b[0] * b[1] * x[0] / (1.0 + b[1] * x[0]); });
  all["Nelson"] =
      model([](auto* b, auto* x) { return b[0] - b[1] * x[0] * exp(-b[2] * x[1]); });  // of log y
  all["Rat42"] = model([](auto* b, auto* x) { return b[0] / (1.0 + exp(b[1] - b[2] * x[0])); });
  all["Rat43"] =
      model([](auto* b, auto* x) { return b[0] / pow(1.0 + exp(b[1] - b[2] * x[0]), 1.0 / b[3]); });
  all["Roszman1"] = model(
      [pi](auto* b, auto* x) { return b[0] - b[1] * x[0] - atan(b[2] / (x[0] - b[3])) / pi; });
  return all;
}

}  // namespace nist
