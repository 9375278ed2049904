// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "backfold/core/packet.hpp"
#include "backfold/core/size.hpp"
#include "backfold/io/checksum.hpp"
#include "backfold/io/json.hpp"
#include "backfold/io/little_endian.hpp"

/// Not in backfold.hpp: it needs files and nlohmann-json.

BACKFOLD_BEGIN_NAMESPACE

/// Description of an array in a safetensors file.
struct TensorInfo {
  std::string name;
  std::string type;          ///< "F32", "F64", "I64", ...
  std::vector<Index> shape;  ///< row-major: the last index is contiguous
  Index count;               ///< numbers
  Index begin, end;          ///< bytes of the file's data
};

namespace detail {

/// Bytes per number of a type; 0 for an unknown type.
inline int bytes_of_tensor_type(const std::string& type) {
  static constexpr struct {
    const char* name;
    int bytes;
  } types[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"I16", 2},
               {"I8", 1},  {"U64", 8}, {"U32", 4}, {"U16", 2},  {"U8", 1},  {"BOOL", 1}};
  for (const auto& known : types) {
    if (type == known.name) return known.bytes;
  }
  return 0;
}

/// "[2, 3]"
inline std::string shape_text(const std::vector<Index>& shape) {
  std::string text;
  for (const Index n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "[" + text + "]";
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_runtime(path, ": cannot be opened");
  std::string content;
  char block[1 << 16];
  while (file.read(block, sizeof block), file.gcount() > 0) {
    content.append(block, static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) fail_runtime(path, ": cannot be read");
  return content;
}

}  // namespace detail

/// Contents of a safetensors file: arrays by name, and texts by key.
///
///     const bf::TensorFile file("model.safetensors");
///     for (const bf::TensorInfo& t : file.tensors()) std::cout << t.name << '\n';
///     const std::vector<float> numbers = file.read<float>("layer1.weight");
///
/// The constructor reads the whole file and checks the whole header: each array is within the data,
/// arrays neither overlap nor leave gaps, and types and shapes match the bytes. Memory is
/// proportional to the file's size, whatever the header claims. The checksum of a file that
/// TensorWriter has written is compared.
///
/// Source: the safetensors format, github.com/huggingface/safetensors.
class TensorFile {
 public:
  /// @throws std::runtime_error naming the file and the error
  explicit TensorFile(const std::string& path) : path_(path), content_(detail::read_file(path)) {
    read_header();
    check_order();
    check_checksum();
    index_names();
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const& {
    return tensors_;
  }  ///< in order of their data
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const& { return metadata_; }
  void tensors() && = delete;  // a reference into a temporary would dangle
  void metadata() && = delete;

  /// The array with a name, or null.
  [[nodiscard]] const TensorInfo* find(const std::string& name) const {
    const auto found =
        std::lower_bound(by_name_.begin(), by_name_.end(), name,
                         [&](std::size_t i, const auto& key) { return tensors_[i].name < key; });
    if (found == by_name_.end() || tensors_[*found].name != name) return nullptr;
    return &tensors_[*found];
  }

  /// Numbers of an array of F32 or F64, row-major.
  /// @param round allows doubles that must be rounded to floats
  /// @throws std::runtime_error if there is no such array, or it holds something else
  template <Real S>
  [[nodiscard]] std::vector<S> read(const std::string& name, bool round = false) const {
    const TensorInfo* const info = find(name);
    if (info == nullptr) fail_runtime(path_, ": has no array \"", name, "\"");
    std::vector<S> numbers(static_cast<std::size_t>(info->count));
    if (info->type == "F32") {
      for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = at<float>(*info, i);
    } else if (info->type == "F64") {
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const double number = at<double>(*info, i);
        numbers[i] = static_cast<S>(number);
        if (!round && static_cast<double>(numbers[i]) != number && number == number) {
          fail_runtime(path_, ": number ", i, " of \"", name, "\" is the double ", number,
                       ", and no float equals it: ask for rounding, or read it as double");
        }
      }
    } else {
      fail_runtime(path_, ": \"", name, "\" holds ", info->type, ", expected F32 or F64");
    }
    return numbers;
  }

  /// Numbers of an array of I64.
  /// @throws std::runtime_error if there is no such array, or it holds something else
  [[nodiscard]] std::vector<std::int64_t> read_integers(const std::string& name) const {
    const TensorInfo* const info = find(name);
    if (info == nullptr) fail_runtime(path_, ": has no array \"", name, "\"");
    if (info->type != "I64") {
      fail_runtime(path_, ": \"", name, "\" holds ", info->type, ", expected I64");
    }
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(info->count));
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = at<std::int64_t>(*info, i);
    return numbers;
  }

 private:
  static constexpr std::size_t prefix = 8;  // the header's length

  template <class S>
  [[nodiscard]] S at(const TensorInfo& info, std::size_t i) const {
    return detail::from_bytes<S>(content_.data() + data_begin_ +
                                 static_cast<std::size_t>(info.begin) + i * sizeof(S));
  }

  void read_header() {
    constexpr std::uint64_t longest = 100'000'000;  // as in other readers
    if (content_.size() < prefix) {
      fail_runtime(path_, ": is no safetensors file: it has ", content_.size(), " bytes");
    }
    std::uint64_t length = 0;
    for (std::size_t i = prefix; i-- > 0;) {
      length = (length << 8) | static_cast<unsigned char>(content_[i]);
    }
    const std::size_t rest = content_.size() - prefix;
    if (length > longest) {
      fail_runtime(path_, ": is no safetensors file: it claims a header of ", length,
                   " bytes, expected at most ", longest);
    }
    if (length > rest) {
      fail_runtime(path_,
                   ": is no safetensors file, or cut off: it claims a longer header than the ",
                   rest, " bytes that follow");
    }
    data_begin_ = prefix + static_cast<std::size_t>(length);
    const std::string_view text(content_.data() + prefix, static_cast<std::size_t>(length));
    if (text.substr(0, 1) != "{") {
      fail_runtime(path_, ": its header does not begin with a brace, as the format requires");
    }
    const detail::Json header = detail::parse_json(path_, "its header", text);
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") {
        read_metadata(value);
      } else {
        tensors_.push_back(read_info(name, value));
      }
    }
  }

  void read_metadata(const detail::Json& json) {
    if (!json.is_object()) fail_runtime(path_, ": its __metadata__ is no JSON object");
    for (const auto& [key, value] : json.items()) {
      metadata_[key] = detail::json_text(path_, "its __metadata__", value);
    }
  }

  [[nodiscard]] TensorInfo read_info(const std::string& name, const detail::Json& json) const {
    const std::string what = "\"" + name + "\"";
    const auto value = [&](const char* key) -> const detail::Json& {
      return detail::json_value(path_, what.c_str(), json, key);
    };
    const auto count_of = [&](const detail::Json& number) {
      return detail::json_count(path_, what.c_str(), number, (std::numeric_limits<Index>::max)());
    };
    TensorInfo info{name, detail::json_text(path_, what.c_str(), value("dtype")), {}, 1, 0, 0};
    const Index bytes = detail::bytes_of_tensor_type(info.type);
    if (bytes == 0) fail_runtime(path_, ": ", what, " has the unknown type ", info.type);
    const detail::Json &shape = value("shape"), &offsets = value("data_offsets");
    if (!shape.is_array()) fail_runtime(path_, ": ", what, " has the shape ", shape.dump());
    detail::Size count = 1;
    for (const auto& number : shape) {
      info.shape.push_back(count_of(number));
      if (count.is_countable()) count = count * info.shape.back();  // a 0 would end too many
    }
    const detail::Size size = count.is_countable() ? count * bytes : count;
    if (!size.is_countable()) {
      fail_runtime(path_, ": ", what, " has more numbers than can be counted");
    }
    info.count = count.value();
    if (!offsets.is_array() || offsets.size() != 2) {
      fail_runtime(path_, ": ", what, " has the offsets ", offsets.dump());
    }
    info.begin = count_of(offsets[0]);
    info.end = count_of(offsets[1]);
    if (info.begin > info.end || info.end > data_size() || info.end - info.begin != size.value()) {
      fail_runtime(path_, ": ", what, " claims the bytes ", info.begin, " to ", info.end, " of ",
                   data_size(), ", its ", info.count, " numbers take ", size.value());
    }
    return info;
  }

  void index_names() {
    by_name_.resize(tensors_.size());
    std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
    std::sort(by_name_.begin(), by_name_.end(),
              [&](std::size_t a, std::size_t b) { return tensors_[a].name < tensors_[b].name; });
  }

  /// Checks that the arrays are consecutive and fill the data.
  void check_order() {
    std::stable_sort(tensors_.begin(), tensors_.end(), [](const auto& a, const auto& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    Index end = 0;
    for (const TensorInfo& t : tensors_) {
      if (t.begin != end) {
        fail_runtime(path_, ": \"", t.name, "\" begins at byte ", t.begin,
                     " of the data, the array before it ends at ", end);
      }
      end = t.end;
    }
    if (end != data_size()) {
      fail_runtime(path_, ": has ", data_size(), " bytes of data, its arrays take ", end);
    }
  }

  /// Of the whole file, where there is one: other programs and earlier versions write none.
  void check_checksum() {
    const auto found = metadata_.find(detail::checksum_key);
    if (found == metadata_.end()) return;
    const std::string computed = detail::checksum_of(content_);
    if (found->second != computed) {
      fail_runtime(path_, ": its checksum is \"", found->second, "\", its bytes give \"", computed,
                   "\": it is damaged, or another program has changed it and kept the checksum");
    }
    metadata_.erase(found);
  }

  [[nodiscard]] Index data_size() const {
    return static_cast<Index>(content_.size() - data_begin_);
  }

  std::string path_, content_;
  std::size_t data_begin_ = 0;
  std::vector<TensorInfo> tensors_;
  std::vector<std::size_t> by_name_;  ///< places in tensors_; a file may have a million arrays
  std::map<std::string, std::string> metadata_;
};

BACKFOLD_END_NAMESPACE
