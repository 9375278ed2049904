// SPDX-License-Identifier: MIT
// The embedded Reber grammar: the second symbol of a string, T or P, comes again as the last but
// one, with a Reber string between. A network that predicts all symbols must remember it.
// Source: Cleeremans, Servan-Schreiber & McClelland, Finite state automata and simple recurrent
// networks (1989).
#include <backfold/backfold.hpp>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "long_lag_tasks.hpp"

namespace bf = backfold;

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  bf::Random random(3);
  const Batch training = reber_batch(reber_strings(2000, random));
  const std::vector<ReberString> test = reber_strings(500, random);
  using Net = bf::Rnn<float, bf::Input<7>, bf::Lstm<20>, bf::Dense<7, bf::Softmax>>;
  Net net;
  net.initialize(bf::Glorot{}, random);
  bf::fit(net, bf::CategoricalCrossEntropy{}, bf::ClipNorm{bf::Adam{.learning_rate = 0.01}, 1.0},
          training.sequences(), {.epochs = quick ? 1 : 30, .batch_size = 20, .final_rate = 0.1});

  bf::Index strings_right = 0;
  bf::Index ends_right = 0;
  for (const ReberString& s : test) {
    bf::State<Net, 1> state(net);
    bool all = true;
    for (std::size_t t = 0; t < s.symbols.size(); ++t) {
      Eigen::Matrix<float, 7, 1> x = Eigen::Matrix<float, 7, 1>::Zero();
      x[reber_index(s.symbols[t])] = 1;
      const bool step_right = predicts(bf::step(net, x, state), s.next[t]);
      all = all && step_right;
      if (t + 2 == s.symbols.size()) ends_right += step_right;
    }
    strings_right += all;
  }
  const double percent = 100.0 * double(strings_right) / double(test.size());
  std::printf("%zu new strings, up to %ld symbols long\n", test.size(),
              static_cast<long>(reber_batch(test).steps));
  std::printf("remembered symbol predicted right: %.1f %%\n",
              100.0 * double(ends_right) / double(test.size()));
  std::printf("strings predicted right at every symbol: %.1f %%\n", percent);
  return quick || percent > 90 ? 0 : 1;
}
