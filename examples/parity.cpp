// SPDX-License-Identifier: MIT
// Parity, at once and in time. A multilayer perceptron sees all bits of a word; an Elman network
// sees one bit a step and keeps the parity in its state. Then Elman's sequential exclusive or: in a
// stream of bits each third one is the exclusive or of the two before, so only it can be predicted.
// Source: Elman, Finding structure in time (1990).
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include "picture.hpp"

namespace bf = backfold;

namespace {

/// Words of `bits` bits as columns, and their parity.
int wrong_words(bf::Random& random) {
  constexpr int bits = 4;
  Eigen::MatrixXd X(bits, 1 << bits), Z(1, 1 << bits);
  for (int word = 0; word < 1 << bits; ++word) {
    int ones = 0;
    for (int b = 0; b < bits; ++b) ones += (word >> b) & 1;
    for (int b = 0; b < bits; ++b) X(b, word) = (word >> b) & 1 ? 1 : -1;
    Z(0, word) = ones % 2;
  }
  bf::Mlp<double, bf::Input<bits>, bf::Dense<2 * bits, bf::Tanh>, bf::Dense<1, bf::Sigmoid>> net;
  net.initialize(bf::Uniform{-1, 1}, random);
  bf::fit(net, bf::BinaryCrossEntropy{}, bf::Adam{.learning_rate = 0.02}, bf::Samples(X, Z),
          {.epochs = 1000, .batch_size = 4});
  return static_cast<int>(std::lround((1 - bf::accuracy(net(X), Z)) * double(X.cols())));
}

/// Random bits, -1 or 1, time-major, and the parity of each sequence so far.
void draw_bits(bf::Random& random, bf::Index batch, Eigen::MatrixXd& X, Eigen::MatrixXd& Z) {
  for (bf::Index c = 0; c < X.cols(); ++c) {
    const bool one = bf::uniform(random) < 0.5;
    const double before = c < batch ? 0 : Z(0, c - batch);
    X(0, c) = one ? 1 : -1;
    Z(0, c) = one ? 1 - before : before;
  }
}

using Sequential = bf::Rnn<double, bf::Input<1>, bf::Dense<8, bf::Tanh, bf::Recurrent<>>,
                           bf::Dense<1, bf::Sigmoid>>;

/// Trains on sequences of 4 steps, then 8 and so on: on long ones alone, the gradient of the first
/// steps is lost among the errors of the last. @return the share of right outputs in long sequences
double sequential_parity(bf::Random& random, bf::Index longest, bf::Index test_steps) {
  constexpr bf::Index batch = 200, test_batch = 20;
  Sequential net;
  net.initialize(bf::Uniform{-1, 1}, random);
  for (bf::Index steps = 4; steps <= longest; steps *= 2) {
    Eigen::MatrixXd X(1, batch * steps), Z(1, batch * steps);
    draw_bits(random, batch, X, Z);
    bf::fit(net, bf::BinaryCrossEntropy{}, bf::ClipNorm{bf::Adam{.learning_rate = 0.01}, 1.0},
            bf::Sequences(X, Z, steps), {.epochs = 200, .batch_size = 10});
  }
  Eigen::MatrixXd X(1, test_batch * test_steps), Z(1, test_batch * test_steps);
  draw_bits(random, test_batch, X, Z);
  bf::Workspace workspace(net, test_batch, test_steps);
  return bf::accuracy(bf::run(net, X, test_steps, workspace), Z);
}

/// Mean squared error of the next bit, by the position of that bit in its triple.
Eigen::Vector3d sequential_xor(bf::Random& random, bf::Index epochs) {
  constexpr bf::Index triples = 1000, steps = 3 * triples;
  Eigen::MatrixXd bits(1, steps + 1);
  for (bf::Index t = 0; t <= steps; ++t) {
    bits(0, t) = t % 3 == 2 ? std::abs(bits(0, t - 1) - bits(0, t - 2))
                            : (bf::uniform(random) < 0.5 ? 0.0 : 1.0);
  }
  using Net = bf::Rnn<double, bf::Input<1>, bf::Dense<8, bf::Tanh, bf::Recurrent<>>,
                      bf::Dense<1, bf::Sigmoid>>;
  Net net;
  net.initialize(bf::Uniform{-0.5, 0.5}, random);
  const Eigen::MatrixXd X = bits.leftCols(steps), Z = bits.rightCols(steps);
  bf::fit(net, bf::BinaryCrossEntropy{}, bf::ClipNorm{bf::Adam{.learning_rate = 0.01}, 1.0},
          bf::Windows(X, Z, {.length = 30, .stride = 30}), {.epochs = epochs, .batch_size = 4});
  bf::Workspace workspace(net, 1, steps);
  const Eigen::MatrixXd Y = bf::run(net, X, steps, workspace);
  Eigen::Vector3d squares = Eigen::Vector3d::Zero();
  for (bf::Index t = 0; t < steps; ++t) squares[(t + 1) % 3] += std::pow(Y(0, t) - Z(0, t), 2);
  return squares / double(triples);
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  bf::Random random(1);
  const int wrong = wrong_words(random);
  std::printf("parity of 4 bits at once: %d of 16 words wrong\n", wrong);

  const bf::Index test_steps = quick ? 100 : 1000;
  const double right = sequential_parity(random, quick ? 4 : 32, test_steps);
  std::printf("parity in time, learnt on up to 32 steps: %.1f %% right in %td steps\n", 100 * right,
              test_steps);

  const Eigen::Vector3d errors = sequential_xor(random, quick ? 2 : 100);
  std::printf("sequential exclusive or, squared error of bits 1, 2, 3: %.3f %.3f %.3f\n", errors[0],
              errors[1], errors[2]);
  std::string data;
  for (int k = 0; k < 12; ++k) data += std::to_string(k + 1) + " " + number(errors[k % 3]) + "\n";
  draw("parity", 640, 320, data,
       "set xlabel 'bit of the stream'\nset ylabel 'mean squared error'\nset yrange [0:0.3]\n"
       "set xtics 1\nset key off\nset style fill solid 0.4\nset boxwidth 0.6\n"
       "plot 'parity.dat' with boxes, 'parity.dat' using 1:2:(sprintf('%.2f', $2)) with labels "
       "offset 0,0.8\n");
  return quick || (wrong == 0 && right > 0.99 && errors[2] < 0.02 && errors[0] > 0.2) ? 0 : 1;
}
