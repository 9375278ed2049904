// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"
#include "backfold/training/history.hpp"

#if __has_include(<unistd.h>)
#include <unistd.h>

#include <iostream>
#endif

BACKFOLD_BEGIN_NAMESPACE

/// Output format of Progress.
enum class ProgressStyle {
  Automatic,  ///< Bar for std::cout and std::cerr on a POSIX terminal, else Lines
  Bar,        ///< one line, rewritten about ten times a second
  Lines,      ///< a line for each epoch
};

/// Hook that writes the progress of training: epoch, loss, validation loss (of an earlier
/// Validate), samples per second, remaining time. Only this part of the library writes to a stream
/// and reads a clock; it does not change the stream's format flags. Not in the umbrella header: it
/// needs `<ostream>`.
///
///     bf::fit(net, loss, bf::Adam{}, data, {.epochs = 50}, validate, bf::Progress(std::cout));
class Progress {
 public:
  explicit Progress(std::ostream& stream, ProgressStyle style = ProgressStyle::Automatic)
      : stream_(&stream),
        is_bar_(style == ProgressStyle::Bar ||
                (style == ProgressStyle::Automatic && is_terminal(stream))) {}
  explicit Progress(std::ostream&& stream, ProgressStyle style = ProgressStyle::Automatic) = delete;

  template <class T>
  void begin(T& training) {
    first_epoch_ = training.epoch();
    steps_ = training.steps_per_epoch();
    samples_ = training.samples();
    last_epoch_ = training.last_epoch();
    loss_ = validation_loss_ = detail::hidden_nan();
    begun_ = shown_ = Clock::now();
    width_ = 0;
  }
  template <class T>
  void after_step(T& training) {
    if (!is_bar_) return;
    const Clock::time_point now = Clock::now();
    if (now - shown_ < std::chrono::milliseconds(100)) return;
    const double part = double(training.step()) / double(steps_);
    write(training.epoch(), double(training.epoch() - 1) + (std::min)(part, 1.0), now);
  }
  template <class T>
  void after_epoch(T&, const EpochReport& report) {
    loss_ = report.loss;
    if (is_finite(report.validation_loss)) validation_loss_ = report.validation_loss;
    write(report.epoch, double(report.epoch), Clock::now());
  }
  template <class T>
  void end(T&, const History&) {
    if (is_bar_ && width_ > 0) *stream_ << '\n';
    stream_->flush();
  }

 private:
  using Clock = std::chrono::steady_clock;

  static bool is_terminal([[maybe_unused]] const std::ostream& stream) {
#if __has_include(<unistd.h>)
    if (&stream == &std::cout) return isatty(STDOUT_FILENO) == 1;
    if (&stream == &std::cerr) return isatty(STDERR_FILENO) == 1;
#endif
    return false;
  }

  /// @param done number of epochs, including the fraction of the present one
  BACKFOLD_NO_INLINE void write(Index epoch, double done, Clock::time_point now) {
    shown_ = now;
    const double seconds = std::chrono::duration<double>(now - begun_).count();
    const double passed = done - double(first_epoch_);
    char text[320];
    int n = 0;
    auto add = [&](const char* format, auto... values) {
      const auto room = sizeof text - static_cast<std::size_t>(n);
      n = (std::min)(n + std::snprintf(text + n, room, format, values...), int(sizeof text) - 1);
    };
    if (is_bar_) {
      constexpr int cells = 24;
      const double part = done / double(last_epoch_);
      const int full = std::clamp(static_cast<int>(part * cells), 0, cells);
      add("\r[%.*s%.*s] ", full, "========================", cells - full,
          "                        ");
    }
    add("epoch %lld/%lld", static_cast<long long>(epoch), static_cast<long long>(last_epoch_));
    if (is_finite(loss_)) add("  loss %.4g", loss_);
    if (is_finite(validation_loss_)) add("  validation %.4g", validation_loss_);
    if (seconds > 0 && passed > 0) {
      add("  %.3g samples/s", passed * double(samples_) / seconds);
      const double left = seconds / passed * (double(last_epoch_) - done);
      if (left < 3.6e5) {  // not for a large upper bound on epochs, which says nothing about time
        const auto whole = std::lround(left);
        add("  %ld:%02ld left", whole / 60, whole % 60);
      }
    }
    if (is_bar_) {
      const int width = n;
      while (n < width_ && n < int(sizeof text) - 1) text[n++] = ' ';  // overwrites a longer line
      width_ = width;
      stream_->write(text, n);
      stream_->flush();
    } else {
      text[n++] = '\n';
      stream_->write(text, n);
    }
  }

  std::ostream* stream_;
  bool is_bar_;
  Index first_epoch_ = 0, last_epoch_ = 0, steps_ = 1, samples_ = 0;
  double loss_ = 0, validation_loss_ = 0;
  Clock::time_point begun_, shown_;
  int width_ = 0;  ///< of the last written line of the bar
};

BACKFOLD_END_NAMESPACE
