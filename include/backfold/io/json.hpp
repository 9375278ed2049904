// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"

/// Not in backfold.hpp: it needs nlohmann-json, which reads and writes the text of a model's
/// description.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

using Json = nlohmann::json;

/// Visitor of a JSON text that stops at a duplicate key or at brackets nested too deeply.
///
/// nlohmann-json's parser with a callback searches an object again after each value in it, so its
/// time is quadratic in the number of values; a visitor's time is not.
class JsonVisitor final : public nlohmann::json_sax<Json> {
 public:
  static constexpr std::size_t deepest = 16;

  [[nodiscard]] bool is_too_deep() const { return is_too_deep_; }
  [[nodiscard]] bool has_duplicate() const { return has_duplicate_; }
  [[nodiscard]] const std::string& duplicate() const { return duplicate_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(Json::number_integer_t) override { return true; }
  bool number_unsigned(Json::number_unsigned_t) override { return true; }
  bool number_float(Json::number_float_t, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return open(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    has_duplicate_ = !keys_.back().insert(name).second;
    if (has_duplicate_) duplicate_ = name;
    return !has_duplicate_;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool open() {
    keys_.emplace_back();
    is_too_deep_ = keys_.size() > deepest;
    return !is_too_deep_;
  }
  bool close() {
    keys_.pop_back();
    return true;
  }

  std::vector<std::unordered_set<std::string>> keys_;  ///< of the open objects
  std::string duplicate_;
  bool is_too_deep_ = false, has_duplicate_ = false;
};

/// Parses JSON. Duplicate keys are refused: one program would take the first value, another the
/// last.
/// @param what names the text in errors: "its header"
/// @throws std::runtime_error naming the file
inline Json parse_json(const std::string& path, const char* what, std::string_view text) {
  JsonVisitor visitor;
  // The parser would take a NUL for the end of the text, and skip a byte order mark.
  const bool is_plain = text.find('\0') == std::string_view::npos && text.substr(0, 1) != "\xEF";
  const bool is_json = is_plain && Json::sax_parse(text.begin(), text.end(), &visitor);
  if (visitor.is_too_deep()) {
    fail_runtime(path, ": ", what, " is nested deeper than ", JsonVisitor::deepest, " levels");
  }
  if (visitor.has_duplicate()) {
    fail_runtime(path, ": ", what, " has \"", visitor.duplicate(), "\" twice");
  }
  if (!is_json) fail_runtime(path, ": ", what, " is no JSON");
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

/// Value of a key in an object.
/// @throws std::runtime_error if there is none
inline const Json& json_value(const std::string& path, const char* what, const Json& object,
                              const char* key) {
  const auto found = object.find(key);
  if (!object.is_object() || found == object.end()) {
    fail_runtime(path, ": ", what, " has no \"", key, "\"");
  }
  return *found;
}

/// Text of a string value.
inline std::string json_text(const std::string& path, const char* what, const Json& json) {
  if (!json.is_string()) fail_runtime(path, ": ", what, ": expected a text, got ", json.dump());
  return json.get<std::string>();
}

/// An integer in 0..`most`.
inline Index json_count(const std::string& path, const char* what, const Json& json, Index most) {
  if (!json.is_number_unsigned() || json.get<std::uint64_t>() > static_cast<std::uint64_t>(most)) {
    fail_runtime(path, ": ", what, ": expected a whole number from 0 to ", most, ", got ",
                 json.dump());
  }
  return static_cast<Index>(json.get<std::uint64_t>());
}

/// True if a text is valid UTF-8, which JSON requires.
inline bool is_utf8(const std::string& text) {
  using Handler = Json::error_handler_t;
  const Json json(text);
  return json.dump(-1, ' ', false, Handler::replace) == json.dump(-1, ' ', false, Handler::ignore);
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
