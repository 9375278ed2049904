// SPDX-License-Identifier: MIT
// Arguments of the examples that do without a library for them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>

/// Ends the program with its usage, as an error unless the argument asks for help.
[[noreturn]] inline void end_with_usage(const char* argument, const char* usage) {
  const bool is_help = std::strcmp(argument, "--help") == 0;
  std::fprintf(is_help ? stdout : stderr, "usage: %s\n", usage);
  std::exit(is_help ? 0 : 2);
}

/// The folder that an argument names; an option that is left over is none.
inline const char* folder_of(const char* argument, const char* usage) {
  if (argument[0] == '-') end_with_usage(argument, usage);
  return argument;
}

/// The number of an option, from 1 on.
inline long number_of(const char* argument, const char* usage) {
  char* end = nullptr;
  const long number = std::strtol(argument, &end, 10);
  if (*end != '\0' || number < 1) end_with_usage(argument, usage);
  return number;
}
