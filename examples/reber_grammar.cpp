// SPDX-License-Identifier: MIT
// The embedded Reber grammar: the second symbol of a string, T or P, comes again as the last but
// one, with a Reber string between. A network that predicts all symbols must remember it.
// Source: Cleeremans, Servan-Schreiber & McClelland, Finite state automata and simple recurrent
// networks (1989).
#include <algorithm>
#include <backfold/backfold.hpp>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace bf = backfold;

namespace {

const std::string alphabet = "BTPSXVE";

/// The Reber automaton: from each state two symbols with the states they lead to.
struct Edge {
  char symbol;
  int to;
};
constexpr Edge automaton[6][2] = {{{'T', 1}, {'P', 2}}, {{'S', 1}, {'X', 3}},
                                  {{'T', 2}, {'V', 4}}, {{'X', 2}, {'S', 5}},
                                  {{'P', 3}, {'V', 5}}, {{'E', -1}, {'E', -1}}};

struct String {
  std::string symbols;
  std::vector<std::string> next;  // what may follow each symbol
};

String embedded(bf::Random& random) {
  String made;
  auto add = [&](char symbol, const std::string& next) {
    made.symbols += symbol;
    made.next.push_back(next);
  };
  const char kept = bf::below(random, 2) == 0 ? 'T' : 'P';
  add('B', "TP");
  add(kept, "B");
  add('B', "TP");
  for (int state = 0; state != 5;) {
    const Edge edge = automaton[state][bf::below(random, 2)];
    state = edge.to;
    add(edge.symbol,
        state == 5 ? "E" : std::string{automaton[state][0].symbol, automaton[state][1].symbol});
  }
  add('E', std::string{kept});
  add(kept, "E");
  return made;
}

struct Data {
  std::vector<String> strings;
  std::vector<bf::Index> lengths;
  bf::Index steps = 0;
  Eigen::MatrixXf X, Z;

  Data(bf::Index n, bf::Random& random) {
    for (bf::Index b = 0; b < n; ++b) {
      strings.push_back(embedded(random));
      lengths.push_back(static_cast<bf::Index>(strings.back().symbols.size()));
      steps = std::max(steps, lengths.back());
    }
    X = Z = Eigen::MatrixXf::Zero(7, n * steps);
    for (bf::Index b = 0; b < n; ++b) {
      const String& s = strings[static_cast<std::size_t>(b)];
      for (std::size_t t = 0; t < s.symbols.size(); ++t) {
        const bf::Index column = static_cast<bf::Index>(t) * n + b;
        X(static_cast<bf::Index>(alphabet.find(s.symbols[t])), column) = 1;
        const char next = t + 1 < s.symbols.size() ? s.symbols[t + 1] : 'E';
        Z(static_cast<bf::Index>(alphabet.find(next)), column) = 1;
      }
    }
  }
  bf::Sequences<float> sequences() const {
    bf::Sequences<float> result(X, Z, steps);
    result.lengths = lengths.data();
    return result;
  }
};

/// Whether the symbols with the largest outputs are just those that may come next.
bool right(const Eigen::VectorXf& y, const std::string& next) {
  for (bf::Index other = 0; other < 7; ++other) {
    if (next.find(alphabet[static_cast<std::size_t>(other)]) != std::string::npos) continue;
    for (const char symbol : next) {
      if (y[static_cast<bf::Index>(alphabet.find(symbol))] <= y[other]) return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  bf::Random random(3);
  const Data training(2000, random), test(500, random);
  using Net = bf::Rnn<float, bf::Input<7>, bf::Lstm<20>, bf::Dense<7, bf::Softmax>>;
  Net net;
  net.initialize(bf::Glorot{}, random);
  bf::fit(net, bf::CategoricalCrossEntropy{}, bf::ClipNorm{bf::Adam{.learning_rate = 0.01}, 1.0},
          training.sequences(), {.epochs = quick ? 1 : 30, .batch_size = 20, .final_rate = 0.1});

  bf::Index strings_right = 0;
  bf::Index ends_right = 0;
  for (const String& s : test.strings) {
    bf::State<Net, 1> state(net);
    bool all = true;
    for (std::size_t t = 0; t < s.symbols.size(); ++t) {
      Eigen::Matrix<float, 7, 1> x = Eigen::Matrix<float, 7, 1>::Zero();
      x[static_cast<bf::Index>(alphabet.find(s.symbols[t]))] = 1;
      const bool step_right = right(bf::step(net, x, state), s.next[t]);
      all = all && step_right;
      if (t + 2 == s.symbols.size()) ends_right += step_right;
    }
    strings_right += all;
  }
  const double percent = 100.0 * double(strings_right) / double(test.strings.size());
  std::printf("%zu new strings, up to %ld symbols long\n", test.strings.size(),
              static_cast<long>(test.steps));
  std::printf("remembered symbol predicted right: %.1f %%\n",
              100.0 * double(ends_right) / double(test.strings.size()));
  std::printf("strings predicted right at every symbol: %.1f %%\n", percent);
  return quick || percent > 90 ? 0 : 1;
}
