// SPDX-License-Identifier: MIT
// Trains a 784-128-64-10 perceptron on Fashion-MNIST.
//
//     fashion_mnist [--quick] [--seed N] [--epochs N] [folder with the four IDX files]
//
// The data are Debian's package dataset-fashion-mnist. Where they are not installed, it trains on
// pictures of bars that it draws itself.
#include <backfold/backfold.hpp>
#include <backfold/data/idx.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "arguments.hpp"

namespace bf = backfold;

namespace {

struct Pictures {
  Eigen::MatrixXf X;  // 784 × n
  Eigen::MatrixXf Z;  // 10 × n, one-hot
};

Pictures read(const std::string& folder, const std::string& name) {
  const bf::IdxFile images = bf::read_idx(folder + "/" + name + "-images-idx3-ubyte.gz");
  const bf::IdxFile labels = bf::read_idx(folder + "/" + name + "-labels-idx1-ubyte.gz");
  if (images.items != labels.items || images.item_size != 784) {
    bf::fail_runtime(folder, ": expected pictures of 784 bytes and a label for each, got ",
                     images.items, " of ", images.item_size, " and ", labels.items, " labels");
  }
  return {bf::scaled_columns<float>(images), bf::one_hot<float>(labels.bytes, 10)};
}

/// Ten classes of noisy bars: class c has a bar at the height or breadth 2 + 5 (c mod 5).
Pictures draw(bf::Index n, bf::Random& random) {
  Pictures made{Eigen::MatrixXf(784, n), Eigen::MatrixXf::Zero(10, n)};
  for (bf::Index s = 0; s < n; ++s) {
    const auto c = static_cast<bf::Index>(bf::below(random, 10));
    const auto place = 5 * (c % 5) + static_cast<bf::Index>(bf::below(random, 4));
    for (bf::Index i = 0; i < 784; ++i) {
      const bf::Index along = c < 5 ? i / 28 : i % 28;
      const bool bar = along >= place && along < place + 4;
      const double bright = (bar ? 0.6 : 0.2) + 0.3 * bf::normal(random);
      made.X(i, s) = static_cast<float>(std::min(1.0, std::max(0.0, bright)));
    }
    made.Z(c, s) = 1;
  }
  return made;
}

constexpr const char* clothes[] = {"T-shirt", "trouser", "pullover", "dress", "coat",
                                   "sandal",  "shirt",   "sneaker",  "bag",   "boot"};
constexpr const char* bars[] = {"top",  "row 2",    "row 3",    "row 4",    "bottom",
                                "left", "column 2", "column 3", "column 4", "right"};

void print_confusion(const bf::Matrix<bf::Index>& counts, const char* const (&names)[10]) {
  std::printf("\nconfusion (rows: true class, columns: predicted)\n%9s", "");
  for (const char* name : names) std::printf(" %8s", name);
  std::printf("\n");
  for (bf::Index i = 0; i < counts.rows(); ++i) {
    std::printf("%9s", names[i]);
    for (bf::Index j = 0; j < counts.cols(); ++j) {
      std::printf(" %8ld", static_cast<long>(counts(i, j)));
    }
    std::printf("\n");
  }
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

int main(int argc, char** argv) {
  const char* const usage = "fashion_mnist [--quick] [--seed N] [--epochs N] [folder]";
  std::string folder = "/usr/share/datasets/fashion-mnist";
  std::uint64_t seed = 1;
  bf::Index epochs = 10;
  bool quick = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else if (std::strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      seed = static_cast<std::uint64_t>(number_of(argv[++i], usage));
    } else if (std::strcmp(argv[i], "--epochs") == 0 && i + 1 < argc) {
      epochs = number_of(argv[++i], usage);
    } else {
      folder = folder_of(argv[i], usage);
    }
  }

  bf::Random random(seed);
  Pictures training, test;
  bool drawn = false;
  try {
    training = read(folder, "train");
    test = read(folder, "t10k");
    std::printf("Fashion-MNIST from %s: %ld pictures to learn, %ld to test\n", folder.c_str(),
                static_cast<long>(training.X.cols()), static_cast<long>(test.X.cols()));
  } catch (const std::runtime_error& error) {
    std::printf(
        "%s\nTraining on pictures of bars drawn here instead. For the real ones:\n"
        "    apt-get install dataset-fashion-mnist\n",
        error.what());
    drawn = true;
    training = draw(10000, random);
    test = draw(2000, random);
  }
  if (quick) {
    training.X.conservativeResize(784, 2000);
    training.Z.conservativeResize(10, 2000);
    epochs = 2;
  }

  bf::Mlp<float, bf::Input<784>, bf::Dense<128, bf::Relu>, bf::Dense<64, bf::Relu>,
          bf::Dense<10, bf::Softmax>>
      net;
  net.initialize(bf::He{}, random);
  bf::Workspace workspace(net, test.X.cols());
  double begin = seconds();
  const auto history =
      bf::fit(net, bf::CategoricalCrossEntropy{}, bf::Adam{.learning_rate = 1e-3},
              bf::Samples(training.X, training.Z),
              {.epochs = epochs, .batch_size = 32, .seed = seed, .final_rate = 0.1},
              [&](const bf::EpochReport& report) {
                const double taken = seconds() - begin;
                const double right = bf::accuracy(bf::run(net, test.X, workspace), test.Z);
                std::printf("epoch %2ld  loss %.4f  test accuracy %.4f  %8.0f samples/s\n",
                            static_cast<long>(report.epoch), report.loss, right,
                            static_cast<double>(report.samples) / taken);
                std::fflush(stdout);
                begin = seconds();
              });

  const auto outputs = bf::run(net, test.X, workspace);
  print_confusion(bf::confusion_matrix(outputs, test.Z), drawn ? bars : clothes);
  std::printf("\n%.2f %% of the test pictures are named right after %ld epochs.\n",
              100 * bf::accuracy(outputs, test.Z), static_cast<long>(history.losses.size()));
  std::printf(
      "Next: --epochs 30, or another network: its type is in examples/fashion_mnist.cpp.\n");
  return history.status == bf::Status::EpochsDone ? 0 : 1;
}
