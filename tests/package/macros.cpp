// SPDX-License-Identifier: MIT
// The headers compile after others that have made macros of common words. Those below are the real
// macros of windows.h, X11, complex.h, Arduino and avr-libc, macOS, curses, Perl, Qt and Unreal,
// each with a value that is an error wherever it expands.
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>
#ifdef BACKFOLD_TEST_IDX
#include <zlib.h>
#endif
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <string_view>
#include <unordered_map>
#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

// clang-format off
// windows.h
#define min(a, b) a macro
#define max(a, b) a macro
#define near a macro
#define far a macro
#define NEAR a macro
#define small a macro
#define hyper a macro
#define pascal a macro
#define cdecl a macro
#define interface a macro
#define ERROR a macro
#define NO_ERROR a macro
#define IN a macro
#define OUT a macro
#define OPTIONAL a macro
#define CONST a macro
#define VOID a macro
#define CALLBACK a macro
#define STRICT a macro
#define DELETE a macro
#define IGNORE a macro
#define ABSOLUTE a macro
#define RELATIVE a macro
#define THIS a macro
#define INFINITE a macro
#define DOMAIN a macro
#define TEXT(x) a macro

// X11
#define Status a macro
#define Bool a macro
#define True a macro
#define False a macro
#define None a macro
#define Success a macro
#define Always a macro
#define Above a macro
#define Below a macro
#define Complex a macro
#define Convex a macro
#define Nonconvex a macro
#define Unsorted a macro
#define Opposite a macro
#define Nonlinear a macro
#define Virtual a macro
#define FocusIn a macro
#define FocusOut a macro
#define KeyPress a macro
#define index(s, c) a macro

// complex.h
#define I a macro
#define _Complex_I a macro
#define complex a macro
#define imaginary a macro

// Arduino and avr-libc
#define F(x) a macro
#define PI a macro
#define HALF_PI a macro
#define TWO_PI a macro
#define EULER a macro
#define DEG_TO_RAD a macro
#define HIGH a macro
#define LOW a macro
#define INPUT a macro
#define OUTPUT a macro
#define INPUT_PULLUP a macro
#define DEFAULT a macro
#define EXTERNAL a macro
#define INTERNAL a macro
#define CHANGE a macro
#define FALLING a macro
#define RISING a macro
#define SERIAL a macro
#define DISPLAY a macro
#define A0 a macro
#define A1 a macro
#define B0 a macro
#define B1 a macro
#define B01 a macro
#define B11111111 a macro
#define D0 a macro
#define D1 a macro
#define D_ a macro
#define F0 a macro
#define R0 a macro
#define S4 a macro
#define SP a macro
#define SREG a macro
#define XL a macro
#define YH a macro
#define _B a macro
#define _BV(x) a macro
#define bit(b) a macro
#define word(...) a macro
#define sq(x) a macro
#define round(x) a macro
#define radians(x) a macro
#define degrees(x) a macro
#define constrain(x, low, high) a macro
#define interrupts() a macro

// macOS' AssertMacros.h, Objective-C, Unreal
#define check(assertion) a macro
#define verify(assertion) a macro
#define require(assertion, label) a macro
#define ensure(assertion) a macro
#define nil a macro
#define YES a macro
#define NO a macro
#define MIN(a, b) a macro
#define MAX(a, b) a macro
#define ABS(a) a macro

// curses
#define OK a macro
#define ERR a macro
#define clear() a macro
#define erase() a macro
#define move(y, x) a macro
#define refresh() a macro
#define timeout(x) a macro
#define border(a, b, c, d, e, f, g, h) a macro
#define box(a, b, c) a macro

// Perl, R
#define apply(a, b, c) a macro
#define seed() a macro
#define Zero(d, n, t) a macro
#define Copy(s, d, n, t) a macro
#define Move(s, d, n, t) a macro
#define length(x) a macro

// Qt, GNU
#define signals a macro
#define slots a macro
#define emit a macro
#define foreach a macro
#define forever a macro
#define major(x) a macro
#define minor(x) a macro
// clang-format on

#include <backfold/backfold.hpp>
#include <backfold/data/csv.hpp>
#include <backfold/data/npy.hpp>
#include <backfold/metric/roc_auc.hpp>
#ifdef BACKFOLD_TEST_IDX
#include <backfold/data/idx.hpp>
#endif

namespace bf = backfold;

namespace {

/// Uses what is only compiled when it is called.
template <class Net, class Data>
bool trains(Net net, const bf::ClipNorm<bf::ClipValue<bf::Adam>>& optimizer, const Data& data) {
  bf::Random random(1);
  net.initialize(bf::Glorot{}, random);
  const bf::History history = bf::fit(net, bf::HalfSquaredError{}, optimizer, data,
                                      {.epochs = 300, .batch_size = bf::full_batch});
  return history.status == bf::TrainingStatus::EpochsDone &&
         history.final_loss() < history.losses.front() &&
         bf::check_gradient(net, bf::HalfSquaredError{}, data).largest_difference < 1e-6;
}

}  // namespace

int main() {
  Eigen::MatrixXd X(2, 4), Z(1, 4);
  X << 0, 0, 1, 1, 0, 1, 0, 1;
  Z << 0, 1, 1, 0;
  const bf::ClipNorm adam{bf::ClipValue{bf::Adam{.learning_rate = 0.05}, 10.0}, 100.0};
  bf::Mlp<double, bf::Input<2>, bf::Dense<3, bf::Tanh>, bf::Dense<1, bf::Sigmoid>> mlp;
  bf::Rnn<double, bf::Input<2>, bf::Lstm<2>, bf::Gru<2>, bf::Dense<1, bf::Linear>> rnn;
  if (!trains(mlp, adam, bf::Samples(X, Z))) return 1;
  if (!trains(rnn, adam, bf::Sequences(X, Z, 4))) return 2;
  if (!bf::check_activation(bf::Softmax{}).ok() || !bf::check_loss(bf::Huber{}).ok()) return 3;
  Eigen::MatrixXd scaled = X;
  bf::Scaling(X).apply_in_place(scaled);
  bf::write_npy("macros.tmp", scaled);
  if (bf::read_npy<double>("macros.tmp") != scaled) return 5;
  bf::write_csv("macros.tmp", {"a", "b"}, scaled);
  if (bf::read_csv("macros.tmp").matrix<double>() != scaled) return 6;
  std::remove("macros.tmp");
  bf::RocAuc area;
  area.add(X.topRows(1), Z);
  bf::Random random(1);
  if (area.value() != 0.5 || bf::k_folds(4, 2, random).size() != 2) return 7;
  if (bf::gather(X, bf::split_stratified(bf::labels_of(Z), {.validation = 0.5}, random).training)
          .cols() != 2) {
    return 8;
  }
  return bf::confusion_matrix(Z, Z).sum() == 4 ? 0 : 4;
}
