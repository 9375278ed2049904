// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "backfold/core/config.hpp"

/// Not in backfold.hpp: it needs strings. See `io/checkpoint.hpp`.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

#define BACKFOLD_TEXT_(name) #name
#define BACKFOLD_TEXT(name) BACKFOLD_TEXT_(name)

inline void erase_all(std::string& text, const std::string& part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) {
    text.erase(at, part.size());
  }
}

template <class T>
constexpr const char* signature() {
#if defined(_MSC_VER) && !defined(__clang__)
  return __FUNCSIG__;
#else
  return __PRETTY_FUNCTION__;
#endif
}

/// The compiler's text of a type: "backfold::Adam", "mine::Decayed<2>". It is the same for all
/// versions and instruction sets of the library, but compilers spell template arguments
/// differently.
template <class T>
std::string type_text() {
  const std::string sample = signature<double>(), text = signature<T>();
  const std::size_t begin = sample.find("double"), rest = sample.size() - begin - 6;
  std::string type = text.substr(begin, text.size() - begin - rest);
  for (const char* part :
       {BACKFOLD_TEXT(BACKFOLD_ABI) "::", "{anonymous}::", "(anonymous namespace)::"}) {
    erase_all(type, part);
  }
#if defined(_MSC_VER)
  erase_all(type, "struct ");
  erase_all(type, "class ");
#endif
  return type;
}

template <class T>
bool is_library_type() {
  return type_text<T>().compare(0, 10, "backfold::") == 0;
}

/// Tells a type from all others whose state may look the same: the name of one of the library's,
/// the compiler's text of a user's, which may be derived from the library's and so inherit `name`.
template <class T>
std::string identity_of() {
  std::string type = type_text<T>();
  if (!is_library_type<T>()) return type;
  if constexpr (requires { T::name; }) {
    return T::name;
  } else {
    return type.substr(0, type.find('<'));
  }
}

#undef BACKFOLD_TEXT
#undef BACKFOLD_TEXT_

}  // namespace detail

BACKFOLD_END_NAMESPACE
