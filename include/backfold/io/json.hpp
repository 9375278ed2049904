// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"

/// Not in backfold.hpp: it needs nlohmann-json, which reads and writes the text of a model's
/// description.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

using Json = nlohmann::json;

/// Depth of nested brackets, for text that need not be valid JSON.
inline int json_depth(std::string_view text) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = (std::max)(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

/// Parses JSON. Duplicate keys are refused: one program would take the first value, another the
/// last.
/// @param what names the text in errors: "its header"
/// @throws std::runtime_error naming the file
inline Json parse_json(const std::string& path, const char* what, std::string_view text) {
  constexpr int deepest = 16;
  if (json_depth(text) > deepest) {
    fail_runtime(path, ": ", what, " is nested deeper than ", deepest, " levels");
  }
  std::vector<std::set<std::string>> keys;
  std::string twice;
  bool is_twice = false;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !is_twice) {
      twice = parsed.get<std::string>();
      is_twice = !keys.back().insert(twice).second;
    }
    return true;
  };
  Json json = Json::parse(text.begin(), text.end(), watch, false);
  if (json.is_discarded()) fail_runtime(path, ": ", what, " is no JSON");
  if (is_twice) fail_runtime(path, ": ", what, " has \"", twice, "\" twice");
  return json;
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
