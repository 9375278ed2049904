// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "backfold/core/finite.hpp"
#include "backfold/io/checkpoint_values.hpp"
#include "backfold/io/model_json.hpp"
#include "backfold/training/history.hpp"

/// Not in backfold.hpp: it needs files and nlohmann-json.

BACKFOLD_BEGIN_NAMESPACE

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
  /// @throws std::runtime_error naming the file, if its folder does not exist, and for the file of
  /// another training, with the first difference (types of yours are compared by the compiler's
  /// text for them) or what is invalid in it; then the training and the hooks are unchanged
  template <class T>
  bool begin(T& training) {
    if (training.epoch() > 0) return true;
    if (!std::filesystem::exists(path_)) {
      check_folder();
      return true;
    }
    const TensorFile file(path_);
    const detail::Json model = detail::read_model_json(file);
    detail::require_equal_layers(path_, detail::json_value(path_, "its model", model, "layers"),
                                 detail::identified_layers(training.network()));
    check_types<T>(model);
    check_values(training, file);
    detail::ValueCopies before;
    visit(training, [&](const char*) { return detail::ValueCopier{before}; });
    detail::set_or_undo(
        path_, [&] { set_values(training, file); },
        [&] { visit(training, [&](const char*) { return detail::ValueResetter{before}; }); });
    return model.value("ended", detail::Json(false)) != true;
  }

  template <class T>
  void after_epoch(T& training, const EpochReport& report) {
    if (report.epoch % every_ != 0 && report.epoch != training.last_epoch() && !report.is_last) {
      return;
    }
    TensorWriter file;
    visit(training, [&](const char* prefix) { return detail::CheckpointWriter{file, prefix}; });
    file.set_metadata(detail::model_key,
                      detail::Json{{"format", detail::model_format},
                                   {"layers", detail::identified_layers(training.network())},
                                   {"optimizer", optimizer_of<T>()},
                                   {"loss", loss_of<T>()},
                                   {"hooks", hook_types()},
                                   {"ended", report.is_last}}
                          .dump());
    file.write(path_);
  }

 private:
  /// Refuses before the training what would end it at the first save.
  void check_folder() const {
    const auto folder = std::filesystem::path(path_).parent_path();
    if (!folder.empty() && !std::filesystem::is_directory(folder)) {
      fail_runtime(path_, ": its folder does not exist");
    }
  }

  template <class T>
  static std::string optimizer_of() {
    return detail::optimizer_name<typename T::OptimizerType>();
  }
  template <class T>
  static std::string loss_of() {
    return detail::identity_of<typename T::LossType>();
  }
  static std::vector<std::string> hook_types() { return {detail::identity_of<Hooks>()...}; }

  /// Compares the types of the training's parts with those in the file. Older versions of the
  /// library saved neither the loss nor the hooks.
  template <class T>
  void check_types(const detail::Json& model) const {
    const auto text = [&](const char* key) {
      return detail::json_text(path_, "its model",
                               detail::json_value(path_, "its model", model, key));
    };
    require_equal("the optimizer", text("optimizer"), optimizer_of<T>());
    if (model.contains("loss")) require_equal("the loss", text("loss"), loss_of<T>());
    const auto in_file = detail::read_names(path_, model, "hooks");
    const auto here = hook_types();
    for (std::size_t i = 0; i < (std::min)(in_file.size(), here.size()); ++i) {
      require_equal("hook " + std::to_string(i), in_file[i], here[i]);
    }
  }
  void require_equal(const std::string& part, const std::string& in_file,
                     const std::string& here) const {
    if (in_file == here) return;
    fail_runtime(path_, ": ", part, " is ", in_file, " in the file, ", here, " in this training");
  }

  /// Compares the arrays of a file with the values of the training, and sets nothing.
  template <class T>
  void check_values(T& training, const TensorFile& file) {
    std::size_t arrays = 0;
    visit(training, [&](const char* prefix) {
      return detail::CheckpointReader{file, prefix, false, arrays};
    });
    if (arrays != file.tensors().size()) {
      fail_runtime(path_, ": has ", file.tensors().size(), " arrays, this training ", arrays,
                   ": it has other hooks or another optimizer");
    }
    const auto parameters = file.read<typename T::NetworkType::Scalar>("training.parameters");
    if (!all_finite(parameters.data(), static_cast<Index>(parameters.size()))) {
      fail_runtime(path_, ": has parameters that are not finite");
    }
  }

  template <class T>
  void set_values(T& training, const TensorFile& file) {
    std::size_t arrays = 0;
    visit(training, [&](const char* prefix) {
      return detail::CheckpointReader{file, prefix, true, arrays};
    });
  }

  /// Lets a visitor, made for the prefix of each part, visit all values.
  template <class T, class MakeVisitor>
  void visit(T& training, const MakeVisitor& make) {
    for_each_part(training,
                  [&](const char* prefix, auto& part) { part.for_each_value(make(prefix)); });
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
