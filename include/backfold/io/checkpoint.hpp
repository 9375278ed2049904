// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "backfold/io/model_json.hpp"
#include "backfold/training/history.hpp"

/// Not in backfold.hpp: it needs files and nlohmann-json.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Adds the values that for_each_value visits to a file, under a prefix.
struct CheckpointWriter {
  TensorWriter& file;
  std::string prefix;

  template <class T>
  void operator()(const char* name, const T* numbers, Index count) const {
    if constexpr (std::is_floating_point_v<T>) {
      file.add(prefix + name, {count}, numbers);
    } else {
      std::vector<std::int64_t> integers;
      for (Index i = 0; i < count; ++i) integers.push_back(static_cast<std::int64_t>(numbers[i]));
      file.add(prefix + name, {count}, integers.data());
    }
  }
  void operator()(const char* name, const std::vector<double>& numbers) const {
    (*this)(name, numbers.data(), static_cast<Index>(numbers.size()));
  }
};

/// Compares the arrays of a file with the values that for_each_value visits, or sets these.
struct CheckpointReader {
  const TensorFile& file;
  std::string prefix;
  bool sets;
  std::size_t& arrays;  ///< number of arrays so far

  template <class T>
  void operator()(const char* name, T* numbers, Index count) const {
    const auto read = numbers_of<T>(prefix + name);
    if (static_cast<Index>(read.size()) != count) {
      fail_runtime(file.path(), ": \"", prefix + name, "\" has ", read.size(),
                   " numbers, this training ", count);
    }
    if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) check_counts(name, read);
    for (std::size_t i = 0; sets && i < read.size(); ++i) numbers[i] = static_cast<T>(read[i]);
  }
  void operator()(const char* name, std::vector<double>& numbers) const {
    const auto read = numbers_of<double>(prefix + name);
    if (sets) numbers.assign(read.begin(), read.end());  // keeps the reserved memory
  }

 private:
  /// A count that goes on from the greatest number would overflow.
  void check_counts(const char* name, const std::vector<std::int64_t>& numbers) const {
    constexpr std::int64_t most = std::int64_t{1} << 62;
    for (const std::int64_t n : numbers) {
      if (n >= -most && n <= most) continue;
      fail_runtime(file.path(), ": \"", prefix + name, "\" holds ", n, ", expected at most ", most,
                   " in size");
    }
  }

  template <class T>
  using Read = std::vector<std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>>;

  template <class T>
  [[nodiscard]] Read<T> numbers_of(const std::string& name) const {
    ++arrays;
    if constexpr (std::is_floating_point_v<T>) {
      return file.read<T>(name);
    } else {
      return file.read_integers(name);
    }
  }
};

}  // namespace detail

/// Hook that saves the whole training to a file every `every` epochs and after the last one. A run
/// that finds the file resumes there; its results are bitwise those of an uninterrupted run:
///
///     bf::Checkpoint checkpoint("run.checkpoint", 10, validate, stop);
///     bf::fit(net, loss, bf::Adam{}, data, {.epochs = 500}, validate, stop, checkpoint);
///
/// The file has the parameters, the optimizer's state and learning rate, the order of samples,
/// generator, epoch and losses, and the values of the hooks passed to the constructor: Validate,
/// StopEarly, KeepBest, ReduceOnPlateau, or your own with for_each_value. A Checkpoint must be the
/// last hook of the run. Settings and data must not change between runs. `epochs` is the total over
/// all runs. Remove the file to start afresh.
///
/// The file is replaced atomically, so a program killed at any moment leaves a complete one.
template <class... Hooks>
class Checkpoint {
 public:
  /// @throws std::invalid_argument if every < 1
  explicit Checkpoint(std::string path, Index every = 1, Hooks&... hooks)
      : path_(std::move(path)), every_(every), hooks_(hooks...) {
    if (every < 1) fail_argument("Checkpoint: every must be >= 1, got ", every);
  }

  /// Resumes from the file, in a training that has not begun.
  /// @return false if a hook had ended the run that wrote it
  /// @throws std::runtime_error naming the file and the first difference, for the file of another
  /// training; std::invalid_argument for an invalid order or generator state
  template <class T>
  bool begin(T& training) {
    if (training.epoch() > 0 || !std::filesystem::exists(path_)) return true;
    const TensorFile file(path_);
    const detail::Json model = detail::read_model_json(file);
    detail::require_equal_layers(path_, detail::json_value(path_, "its model", model, "layers"),
                                 layers_of(training));
    for (const bool sets : {false, true}) {
      std::size_t arrays = 0;
      for_each_part(training, [&](const char* prefix, auto& part) {
        part.for_each_value(detail::CheckpointReader{file, prefix, sets, arrays});
      });
      if (arrays != file.tensors().size()) {
        fail_runtime(path_, ": has ", file.tensors().size(), " arrays, this training ", arrays,
                     ": it has other hooks or another optimizer");
      }
    }
    return model.value("ended", detail::Json(false)) != true;
  }

  template <class T>
  void after_epoch(T& training, const EpochReport& report) {
    if (report.epoch % every_ != 0 && report.epoch != training.last_epoch() && !report.is_last) {
      return;
    }
    TensorWriter file;
    for_each_part(training, [&](const char* prefix, auto& part) {
      part.for_each_value(detail::CheckpointWriter{file, prefix});
    });
    file.set_metadata(detail::model_key, detail::Json{{"format", detail::model_format},
                                                      {"layers", layers_of(training)},
                                                      {"ended", report.is_last}}
                                             .dump());
    file.write(path_);
  }

 private:
  template <class T>
  static detail::Json layers_of(const T& training) {
    return detail::layers_json(layers(training.network()), blocks(training.network()));
  }

  /// Calls f(prefix, part) for the training, the optimizer's state and each hook.
  template <class T, class Function>
  void for_each_part(T& training, const Function& f) {
    f("training.", training);
    using State = typename T::OptimizerState;
    constexpr bool is_kept = requires(State & state, const detail::CheckpointWriter& writer) {
      state.for_each_value(writer);
    };
    static_assert(
        is_kept,
        "backfold: a Checkpoint keeps optimizers whose State has for_each_value(f), which "
        "calls f(name, numbers, count)");
    if constexpr (is_kept) f("optimizer.", training.optimizer_state());
    int index = 0;
    (std::apply)(
        [&](auto&... hook) { (f(("hook" + std::to_string(index++) + ".").c_str(), hook), ...); },
        hooks_);
  }

  std::string path_;
  Index every_;
  std::tuple<Hooks&...> hooks_;
};

BACKFOLD_END_NAMESPACE
