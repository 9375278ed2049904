// SPDX-License-Identifier: MIT
// A network learns a text character by character and writes one of its own.
//
//     text [--quick] [file]        (without a file: the GPL-3, which every Debian carries)
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace bf = backfold;

namespace {

using Net = bf::Rnn<float, bf::Input<bf::Dynamic>, bf::Gru<bf::Dynamic>,
                    bf::Dense<bf::Dynamic, bf::Softmax>>;

/// Characters begin..end as `streams` streams side by side: inputs, and targets one later.
struct Streams {
  bf::Index steps;
  Eigen::MatrixXf X, Z;
  Streams(const std::string& codes, bf::Index characters, std::size_t begin, std::size_t end,
          bf::Index streams)
      : steps((static_cast<bf::Index>(end - begin) - 1) / streams),
        X(Eigen::MatrixXf::Zero(characters, steps * streams)),
        Z(X) {
    for (bf::Index b = 0; b < streams; ++b) {
      for (bf::Index t = 0; t < steps; ++t) {
        const std::size_t at = begin + static_cast<std::size_t>(b * steps + t);
        X(codes[at], t * streams + b) = 1;
        Z(codes[at + 1], t * streams + b) = 1;
      }
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  bool quick = false;
  std::string path = "/usr/share/common-licenses/GPL-3";
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else {
      path = argv[i];
    }
  }
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() < 1000) {
    std::printf("%s cannot be read or is shorter than 1000 characters\n", path.c_str());
    return 1;
  }
  if (quick) text.resize(4000);

  std::string alphabet;
  std::string codes = text;
  for (char& c : codes) {
    if (alphabet.find(c) == std::string::npos) alphabet += c;
    c = static_cast<char>(alphabet.find(c));
  }
  const auto characters = static_cast<bf::Index>(alphabet.size());
  if (characters > 127) {
    std::printf("%s has more than 127 different characters\n", path.c_str());
    return 1;
  }
  const std::size_t heard = text.size() * 9 / 10;
  const Streams training(codes, characters, 0, heard, 16);
  const Streams test(codes, characters, heard, text.size(), 1);
  std::printf("%zu characters, %ld different ones\n", text.size(), static_cast<long>(characters));

  Net net(characters, quick ? 16 : 128, characters);
  bf::Random random(1);
  net.initialize(bf::Glorot{}, random);
  bf::Workspace workspace(net, 1, test.steps);
  auto bits = [&] {
    return bf::loss_of(net, bf::CategoricalCrossEntropy{},
                       bf::Sequences(test.X, test.Z, test.steps), workspace,
                       {.reduction = bf::Reduction::Mean}) /
           std::log(2.0);
  };
  bf::fit(net, bf::CategoricalCrossEntropy{}, bf::ClipNorm{bf::Adam{.learning_rate = 4e-3}, 1.0},
          bf::Sequences(training.X, training.Z, training.steps),
          {.epochs = quick ? 2 : 20, .batch_size = 16, .final_rate = 0.1, .truncation = 50},
          [&](const bf::EpochReport& report) {
            if (report.epoch % 5 != 0) return;
            std::printf("epoch %2ld  bits per character: heard %.3f, new %.3f\n",
                        static_cast<long>(report.epoch), report.loss / std::log(2.0), bits());
            std::fflush(stdout);
          });
  const double result = bits();
  std::printf("bits per character of the last tenth, never heard: %.3f\n\nIt writes:\n", result);

  bf::State<Net> state(net);
  Eigen::VectorXf x = Eigen::VectorXf::Zero(characters);
  x[codes[0]] = 1;
  for (int i = 0; i < 400; ++i) {
    const Eigen::VectorXf y = bf::step(net, x, state);
    double left = bf::uniform(random);
    bf::Index next = 0;
    while (next + 1 < characters && (left -= double(y[next])) > 0) ++next;
    std::putchar(alphabet[static_cast<std::size_t>(next)]);
    x.setZero();
    x[next] = 1;
  }
  std::printf("\n");
  return quick || result < 3.2 ? 0 : 1;
}
