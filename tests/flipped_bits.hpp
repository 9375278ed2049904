// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

/// Calls f(copy) with each bit of a file's content flipped in turn.
template <class Content, class Function>
void for_each_flipped_bit(const Content& content, const Function& f) {
  for (std::size_t bit = 0; bit < 8 * content.size(); ++bit) {
    Content flipped = content;
    auto& byte = flipped[bit / 8];
    byte = static_cast<typename Content::value_type>(byte ^ (1 << bit % 8));
    f(flipped);
  }
}
