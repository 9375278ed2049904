// SPDX-License-Identifier: MIT
#if defined(__unix__)
#include "full_disk.hpp"

#include <backfold/backfold.hpp>
#include <backfold/data/csv.hpp>
#include <backfold/data/npy.hpp>
#include <backfold/io/checkpoint.hpp>
#include <backfold/io/header.hpp>
#include <backfold/io/onnx.hpp>
#include <backfold/io/safetensors.hpp>

namespace bf = backfold;

namespace {

using Net = bf::Mlp<float, bf::Input<1>, bf::Dense<1, bf::Tanh>>;

Net small_network() {
  Net net;
  net.parameters() << 0.5f, -0.25f;
  return net;
}

}  // namespace

TEST_CASE("a disk that is full at any byte of a model leaves the old file") {
  const Net net = small_network();
  require_old_file_on_full_disk([&](const std::string& path) { bf::save(path, net); });
  require_old_file_on_full_disk([&](const std::string& path) { bf::save_onnx(path, net); });
  require_old_file_on_full_disk(
      [&](const std::string& path) { bf::write_header(path, net, {.name = "small"}); }, 7);
}

TEST_CASE("a disk that is full at any byte of a checkpoint leaves the old one") {
  const Eigen::MatrixXf X = Eigen::MatrixXf::Ones(1, 4), Z = Eigen::MatrixXf::Ones(1, 4);
  require_old_file_on_full_disk([&](const std::string& path) {
    Net net = small_network();
    bf::Training training(net, bf::HalfSquaredError{}, bf::Adam{}, bf::Samples(X, Z), {});
    bf::Checkpoint checkpoint(path);
    checkpoint.after_epoch(training, bf::EpochReport{.epoch = 1, .loss = 0, .samples = 4});
  });
}

TEST_CASE("a disk that is full at any byte of a table leaves the old file") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(2, 3, 0.1);
  require_old_file_on_full_disk([&](const std::string& path) { bf::write_npy(path, x); });
  require_old_file_on_full_disk([&](const std::string& path) {
    bf::write_csv(path, {"a", "b"}, x);
  });
}

TEST_CASE("a disk that is full after some of a file's buffers leaves the old file") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(100, 300, 0.1);
  require_old_file_on_full_disk([&](const std::string& path) { bf::write_npy(path, x); }, 9973);
}
#endif
