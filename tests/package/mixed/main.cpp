// SPDX-License-Identifier: MIT
#include <cstring>

namespace first {
bool survives_misuse();
bool is_as_compiled();
}  // namespace first
namespace second {
bool survives_misuse();
bool is_as_compiled();
}  // namespace second

/// Without an argument both parts are tried; `first` or `second` is used wrongly.
int main(int count, char** arguments) {
  if (count == 1) return first::is_as_compiled() && second::is_as_compiled() ? 0 : 1;
  const bool is_first = std::strcmp(arguments[1], "first") == 0;
  return (is_first ? first::survives_misuse() : second::survives_misuse()) ? 0 : 1;
}
