// SPDX-License-Identifier: MIT
// A part of a program, compiled with different flags, each time under another name, PART. It knows
// from its own macros what it must see, whatever it is linked with.
#include <atomic>
#include <backfold/backfold.hpp>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace bf = backfold;

namespace {

std::atomic<const char*> first_thread = nullptr;
std::atomic<bool> several_threads = false;

/// x = net, and whether more than one thread has calculated it.
struct Watched {
  template <class V>
  V value(const V& net) const {
    static thread_local const char here = 0;
    const char* none = nullptr;
    if (!first_thread.compare_exchange_strong(none, &here) && none != &here) several_threads = true;
    return net;
  }
  template <class V>
  V derivative(const V&) const {
    return V(1);
  }
};

using Net = bf::Mlp<double, bf::Input<bf::Dynamic>, bf::Dense<bf::Dynamic, Watched>>;

/// (1 + ε)(1 − ε) − 1 is 0 where the product is rounded, −ε² where it is not.
bool fuses() {
  const double epsilon = std::numeric_limits<double>::epsilon();
  Net net(1, 2);
  net.parameters() << 1 + epsilon, 1 + epsilon, -1, -1;
  return net(Eigen::Matrix<double, 1, 1>(1 - epsilon))(0) != 0;
}

bool uses_threads() {
  Net net(100, 100);
  const Eigen::MatrixXd X = Eigen::MatrixXd::Ones(100, 1024), Z = X;
  bf::fit(net, bf::HalfSquaredError{}, bf::Sgd{.learning_rate = 1e-9}, bf::Samples(X, Z),
          {.epochs = 1, .batch_size = 1024, .threads = 2});
  return several_threads;
}

bool finds_infinity() {
  Net net(1, 1);
  const Eigen::MatrixXd Z = Eigen::MatrixXd::Ones(1, 2);
  Eigen::MatrixXd X = Z;
  X(1) = std::atof("inf");
  return !bf::all_finite(X.data(), X.size());
}

}  // namespace

namespace PART {

/// A network of negative size: caught where there are exceptions, the end of the program elsewhere.
bool survives_misuse() {
#if defined(__cpp_exceptions)
  try {
    Net net(-1, 1);
  } catch (const std::invalid_argument&) {
    return true;
  }
  return false;
#else
  Net net(-1, 1);
  return true;
#endif
}

bool is_as_compiled() {
#if defined(__FMA__)
  const bool fma = true;
#else
  const bool fma = false;
#endif
#if defined(_OPENMP)
  const bool threads = true;
#else
  const bool threads = false;
#endif
  if (fuses() != fma) std::puts("fused multiply-add does not follow the flags");
  if (uses_threads() != threads) std::puts("threads do not follow the flags");
  if (!finds_infinity()) std::puts("infinity is not found");
  return fuses() == fma && several_threads == threads && finds_infinity();
}

}  // namespace PART
