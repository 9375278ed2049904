// SPDX-License-Identifier: MIT
// Tasks with long time lags: something seen early is needed late, with distraction in between.
// Sources: Cleeremans, Servan-Schreiber & McClelland, Finite state automata and simple recurrent
// networks (1989); Hochreiter & Schmidhuber, Long short-term memory (1997).
#pragma once

#include <algorithm>
#include <backfold/backfold.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// Sequences of different lengths in one time-major block, padded at their ends.
struct Batch {
  backfold::Index n, steps;  ///< sequences, steps of the longest
  std::vector<backfold::Index> lengths;
  Eigen::MatrixXf X;  ///< inputs × (steps·n)
  Eigen::MatrixXf Z;  ///< outputs × (steps·n), or outputs × n if targets are at the last step only
  backfold::TargetsAt targets_at;

  Batch(backfold::Index inputs, backfold::Index outputs, std::vector<backfold::Index> of_lengths,
        backfold::TargetsAt at)
      : n(static_cast<backfold::Index>(of_lengths.size())),
        steps(*std::max_element(of_lengths.begin(), of_lengths.end())),
        lengths(std::move(of_lengths)),
        X(Eigen::MatrixXf::Zero(inputs, steps * n)),
        Z(Eigen::MatrixXf::Zero(outputs, at == backfold::TargetsAt::LastStep ? n : steps * n)),
        targets_at(at) {}

  [[nodiscard]] backfold::Index length(backfold::Index b) const {
    return lengths[static_cast<std::size_t>(b)];
  }
  [[nodiscard]] backfold::Index column(backfold::Index t, backfold::Index b) const {
    return t * n + b;
  }
  [[nodiscard]] bool has_target(backfold::Index t, backfold::Index b) const {
    return targets_at == backfold::TargetsAt::EveryStep || t + 1 == length(b);
  }
  [[nodiscard]] backfold::Index target_column(backfold::Index t, backfold::Index b) const {
    return targets_at == backfold::TargetsAt::EveryStep ? column(t, b) : b;
  }
  [[nodiscard]] backfold::Sequences<float> sequences() const {
    backfold::Sequences<float> result(X, Z, steps);
    result.lengths = lengths.data();
    result.targets_at = targets_at;
    return result;
  }
};

// ---------------------------------------------------------------- the embedded Reber grammar

inline const std::string reber_alphabet = "BTPSXVE";

inline backfold::Index reber_index(char symbol) {
  return static_cast<backfold::Index>(reber_alphabet.find(symbol));
}

struct ReberString {
  std::string symbols;            ///< without the E at the end, which is only predicted
  std::vector<std::string> next;  ///< the symbols that may follow each symbol
};

/// A string of the embedded grammar: its second symbol, T or P, comes again as the last but one,
/// with a Reber string between.
inline ReberString embedded_reber(backfold::Random& random) {
  // From each state two symbols with the states they lead to.
  struct Edge {
    char symbol;
    int to;
  };
  constexpr Edge automaton[5][2] = {{{'T', 1}, {'P', 2}},
                                    {{'S', 1}, {'X', 3}},
                                    {{'T', 2}, {'V', 4}},
                                    {{'X', 2}, {'S', 5}},
                                    {{'P', 3}, {'V', 5}}};
  ReberString made;
  auto add = [&](char symbol, const std::string& next) {
    made.symbols += symbol;
    made.next.push_back(next);
  };
  const char kept = backfold::below(random, 2) == 0 ? 'T' : 'P';
  add('B', "TP");
  add(kept, "B");
  add('B', "TP");
  for (int state = 0; state != 5;) {
    const Edge edge = automaton[state][backfold::below(random, 2)];
    state = edge.to;
    add(edge.symbol,
        state == 5 ? "E" : std::string{automaton[state][0].symbol, automaton[state][1].symbol});
  }
  add('E', std::string{kept});
  add(kept, "E");
  return made;
}

inline std::vector<ReberString> reber_strings(backfold::Index n, backfold::Random& random) {
  std::vector<ReberString> strings;
  for (backfold::Index b = 0; b < n; ++b) strings.push_back(embedded_reber(random));
  return strings;
}

/// Strings with a target at every step: the next symbol.
inline Batch reber_batch(const std::vector<ReberString>& strings) {
  std::vector<backfold::Index> lengths;
  for (const ReberString& s : strings) {
    lengths.push_back(static_cast<backfold::Index>(s.symbols.size()));
  }
  Batch batch(7, 7, std::move(lengths), backfold::TargetsAt::EveryStep);
  for (backfold::Index b = 0; b < batch.n; ++b) {
    const std::string symbols = strings[static_cast<std::size_t>(b)].symbols + 'E';
    for (backfold::Index t = 0; t < batch.length(b); ++t) {
      const auto at = static_cast<std::size_t>(t);
      batch.X(reber_index(symbols[at]), batch.column(t, b)) = 1;
      batch.Z(reber_index(symbols[at + 1]), batch.column(t, b)) = 1;
    }
  }
  return batch;
}

/// Whether the symbols with the largest outputs are just those that may come next.
template <class Output>
bool predicts(const Output& y, const std::string& next) {
  for (backfold::Index other = 0; other < 7; ++other) {
    if (next.find(reber_alphabet[static_cast<std::size_t>(other)]) != std::string::npos) continue;
    for (const char symbol : next) {
      if (!(y[reber_index(symbol)] > y[other])) return false;
    }
  }
  return true;
}

// ---------------------------------------------------------------- tasks of 1997

/// Task 2a: (x, a1, ..., a(p−1), x) or (y, a1, ..., a(p−1), y), with a target at every step: the
/// next symbol. Only the last one needs memory, of p steps. Symbols: a1 ... a(p−1), x, y.
inline Batch noise_free(backfold::Index p, const std::vector<bool>& is_y) {
  Batch batch(p + 1, p + 1, std::vector<backfold::Index>(is_y.size(), p),
              backfold::TargetsAt::EveryStep);
  for (backfold::Index b = 0; b < batch.n; ++b) {
    const backfold::Index kept = is_y[static_cast<std::size_t>(b)] ? p : p - 1;
    for (backfold::Index t = 0; t < p; ++t) {
      batch.X(t == 0 ? kept : t - 1, batch.column(t, b)) = 1;
      batch.Z(t == p - 1 ? kept : t, batch.column(t, b)) = 1;
    }
  }
  return batch;
}

/// Lengths drawn from T to T + T/10.
inline std::vector<backfold::Index> random_lengths(backfold::Index n, backfold::Index T,
                                                   backfold::Random& random) {
  std::vector<backfold::Index> lengths;
  for (backfold::Index b = 0; b < n; ++b) {
    lengths.push_back(T + static_cast<backfold::Index>(
                              backfold::below(random, static_cast<std::uint64_t>(T / 10 + 1))));
  }
  return lengths;
}

enum class Combine { Sum, Product };

/// Random numbers, each with a mark. Two are marked by 1, one among the first ten and another among
/// the first T/2 − 1; the first and the last have −1, all others 0. The target at the end is
/// 0.5 + (X1 + X2)/4 with numbers from −1 to 1, or X1·X2 with numbers from 0 to 1. Where the first
/// number is drawn as X1, its mark stays −1, and X1 counts as 0 in a sum, as 1 in a product.
inline Batch marked_numbers(backfold::Index n, backfold::Index T, Combine how,
                            backfold::Random& random) {
  Batch batch(2, 1, random_lengths(n, T, random), backfold::TargetsAt::LastStep);
  const bool is_sum = how == Combine::Sum;
  for (backfold::Index b = 0; b < n; ++b) {
    const backfold::Index length = batch.length(b);
    for (backfold::Index t = 0; t < length; ++t) {
      batch.X(0, batch.column(t, b)) =
          static_cast<float>(backfold::uniform(random, is_sum ? -1 : 0, 1));
    }
    const auto first = static_cast<backfold::Index>(backfold::below(random, 10));
    backfold::Index second = first;
    // The first number cannot be X2, whose mark would be lost.
    while (second == first) {
      second = 1 + static_cast<backfold::Index>(
                       backfold::below(random, static_cast<std::uint64_t>(T / 2 - 2)));
    }
    batch.X(1, batch.column(first, b)) = batch.X(1, batch.column(second, b)) = 1;
    batch.X(1, batch.column(0, b)) = batch.X(1, batch.column(length - 1, b)) = -1;
    const float x1 = first == 0 ? (is_sum ? 0.0f : 1.0f) : batch.X(0, batch.column(first, b));
    const float x2 = batch.X(0, batch.column(second, b));
    batch.Z(0, b) = is_sum ? 0.5f + (x1 + x2) / 4 : x1 * x2;
  }
  return batch;
}

/// Task 6a: E, then symbols a to d at random, then B. One of the steps 10 to 20 and one of 50 to 60
/// have X or Y instead. The target at the end is the class XX, XY, YX or YY.
inline Batch temporal_order(backfold::Index n, backfold::Random& random) {
  constexpr backfold::Index E = 0, B = 1, a = 2, X = 6;
  Batch batch(8, 4, random_lengths(n, 100, random), backfold::TargetsAt::LastStep);
  for (backfold::Index b = 0; b < n; ++b) {
    const auto first = 10 + static_cast<backfold::Index>(backfold::below(random, 11));
    const auto second = 50 + static_cast<backfold::Index>(backfold::below(random, 11));
    const auto kind = static_cast<backfold::Index>(backfold::below(random, 4));
    for (backfold::Index t = 0; t < batch.length(b); ++t) {
      backfold::Index symbol = a + static_cast<backfold::Index>(backfold::below(random, 4));
      if (t == 0) symbol = E;
      if (t == first) symbol = X + kind / 2;
      if (t == second) symbol = X + kind % 2;
      if (t == batch.length(b) - 1) symbol = B;
      batch.X(symbol, batch.column(t, b)) = 1;
    }
    batch.Z(kind, b) = 1;
  }
  return batch;
}
