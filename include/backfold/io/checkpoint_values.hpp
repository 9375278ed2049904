// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/io/model_json.hpp"
#include "backfold/io/tensor_file.hpp"
#include "backfold/io/tensor_writer.hpp"
#include "backfold/io/type_text.hpp"
#include "backfold/optimizer/optimizer.hpp"

/// Not in backfold.hpp: it needs files and nlohmann-json.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// "Adam", "ClipNorm of Adam", "mine::Decayed<2>".
template <class O>
std::string optimizer_name() {
  std::string name = identity_of<O>();
  if constexpr (WrapsOptimizer<O>) {
    if (is_library_type<O>())
      name += " of " + optimizer_name<std::remove_cvref_t<decltype(std::declval<O&>().inner)>>();
  }
  return name;
}

/// Descriptions of layers in which a user's layers and activations have their own identities.
template <Real S, class... Layers>
Json identified_layers(const Network<S, Layers...>& net) {
  Json json = layers_json(layers(net), blocks(net));
  const auto identify = [&]<class L>(Json& layer) {
    layer["type"] = identity_of<L>();
    if constexpr (HasActivation<L>) {
      layer["activation"] = identity_of<typename L::ActivationType>();
    }
  };
  std::size_t l = 0;
  (identify.template operator()<Layers>(json[l++]), ...);
  return json;
}

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
    const auto read = numbers_of<T>(name);
    if (static_cast<Index>(read.size()) != count) {
      fail_runtime(file.path(), ": \"", prefix + name, "\" has ", read.size(),
                   " numbers, this training ", count);
    }
    if constexpr (std::is_integral_v<T>) check_integers<T>(name, read);
    for (std::size_t i = 0; sets && i < read.size(); ++i) numbers[i] = static_cast<T>(read[i]);
  }
  void operator()(const char* name, std::vector<double>& numbers) const {
    const auto read = numbers_of<double>(name);
    if (sets) numbers.assign(read.begin(), read.end());  // keeps the reserved memory
  }

 private:
  /// Checks that T has the integers, and that a count that goes on from them does not overflow.
  template <class T>
  void check_integers(const char* name, const std::vector<std::int64_t>& integers) const {
    constexpr std::int64_t most = std::int64_t{1} << 62;
    for (const std::int64_t n : integers) {
      if (static_cast<std::int64_t>(static_cast<T>(n)) != n) {
        fail_runtime(file.path(), ": \"", prefix + name, "\" holds ", n,
                     ", which does not fit into its type in this training");
      }
      if (std::is_signed_v<T> && (n < -most || n > most)) {
        fail_runtime(file.path(), ": \"", prefix + name, "\" holds ", n, ", expected at most ",
                     most, " in size");
      }
    }
  }

  template <class T>
  using Read = std::vector<std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>>;

  /// Numbers of an array of exactly the training's type: a training in another scalar is another
  /// one.
  template <class T>
  [[nodiscard]] Read<T> numbers_of(const char* name) const {
    ++arrays;
    const std::string full = prefix + name;
    if constexpr (std::is_floating_point_v<T>) {
      const TensorInfo* const info = file.find(full);
      const char* const type = sizeof(T) == sizeof(float) ? "F32" : "F64";
      if (info != nullptr && info->type != type) {
        fail_runtime(file.path(), ": \"", full, "\" holds ", info->type, ", this training ", type);
      }
      return file.read<T>(full);
    } else {
      return file.read_integers(full);
    }
  }
};

/// Copies of the values that for_each_value visits, in their order.
struct ValueCopies {
  std::vector<std::string> arrays;           ///< bytes of those visited by pointer and count
  std::vector<std::vector<double>> vectors;  ///< those visited as a vector
};

struct ValueCopier {
  ValueCopies& copies;

  template <class T>
  void operator()(const char*, const T* numbers, Index count) const {
    static_assert(std::is_arithmetic_v<T>);
    const auto* const bytes = reinterpret_cast<const char*>(numbers);
    copies.arrays.emplace_back(bytes, bytes + static_cast<std::size_t>(count) * sizeof(T));
  }
  void operator()(const char*, const std::vector<double>& numbers) const {
    copies.vectors.push_back(numbers);
  }
};

/// Sets the values back to their copies, and takes the copies off the front.
struct ValueResetter {
  ValueCopies& copies;

  template <class T>
  void operator()(const char*, T* numbers, Index) const {
    const std::string& bytes = copies.arrays.front();
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(numbers));
    copies.arrays.erase(copies.arrays.begin());
  }
  void operator()(const char*, std::vector<double>& numbers) const {
    numbers.swap(copies.vectors.front());
    copies.vectors.erase(copies.vectors.begin());
  }
};

/// Calls set(), and undo() if it throws.
/// @throws std::runtime_error naming the file, for a std::invalid_argument of set()
template <class Set, class Undo>
void set_or_undo([[maybe_unused]] const std::string& path, const Set& set,
                 [[maybe_unused]] const Undo& undo) {
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
  try {
    set();
  } catch (const std::invalid_argument& error) {
    undo();
    fail_runtime(path, ": ", error.what());
  } catch (...) {
    undo();
    throw;
  }
#else
  set();
#endif
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
