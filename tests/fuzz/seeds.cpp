// SPDX-License-Identifier: MIT
#include <zlib.h>

#include <vector>

#include "../without_checksum.hpp"
#include "backfold/data/csv.hpp"
#include "backfold/data/npy.hpp"
#include "backfold/io/checkpoint.hpp"
#include "backfold/io/safetensors.hpp"
#include "fuzz.hpp"
#include "networks.hpp"

/// Writes the files that each fuzz target starts from: seeds FOLDER
namespace bf = backfold;

namespace {

std::string folder;
int count = 0;

std::string next_path(const std::string& target) {
  std::filesystem::create_directories(folder + "/" + target);
  return folder + "/" + target + "/seed" + std::to_string(count++);
}

/// A checksum would refuse all mutants: each file is kept without it too.
void add_without_checksum(const std::string& target, const std::string& path) {
  write_file(next_path(target), without_checksum(content_of(path)));
}

void write_csv_seeds() {
  for (char options = 0; options < 32; ++options) {
    const std::string d = (options & 2) != 0 ? ";" : ",";
    const std::string rows =
        "1" + d + "-2.5e1" + d + "\"x\"\"\n\"\r\n?" + d + " 1e-300" + d + "\r\n";
    write_file(next_path("csv"), options + ("a" + d + "b" + d + "\"c d\"\n" + rows));
    write_file(next_path("csv"), options + ("\xEF\xBB\xBF"
                                            "a\n" +
                                            std::string("x\nNA\n\"NA\"\n")));
  }
}

template <class S>
void write_npy_seeds() {
  for (const bf::NpyAxes axes : {bf::NpyAxes::AsStored, bf::NpyAxes::SamplesFirst}) {
    bf::write_npy(next_path("npy"), bf::Matrix<S>(bf::Matrix<S>::Ones(2, 3)), axes);
    bf::write_npy(next_path("npy"), bf::Vector<S>(bf::Vector<S>::Ones(4)), axes);
  }
  bf::write_npy(next_path("npy"), bf::Matrix<S>(0, 5));
}

void write_idx_seeds() {
  const std::vector<std::string> files = {
      std::string("\0\0\x8\1\0\0\0\3\1\2\3", 11),
      std::string("\0\0\x8\3\0\0\0\2\0\0\0\1\0\0\0\3\1\2\3\4\5\xff", 22),
      std::string("\0\0\x8\2\0\0\0\0\0\0\0\7", 12)};
  for (const std::string& file : files) {
    write_file(next_path("idx"), file);
    gzFile packed = gzopen(next_path("idx").c_str(), "wb");
    gzwrite(packed, file.data(), static_cast<unsigned>(file.size()));
    gzclose(packed);
  }
}

template <class Net>
void write_model_seeds(const bf::ModelInfo& info) {
  const std::string path = next_path("model");
  bf::save(path, drawn<Net>(), info);
  add_without_checksum("model", path);
}

void write_checkpoint_seed() {
  const std::string path = next_path("checkpoint");
  FuzzTraining run;
  bf::Checkpoint checkpoint(path, 1, run.stop);
  run.training.run(2, run.stop, checkpoint);
  add_without_checksum("checkpoint", path);
}

}  // namespace

int main(int arguments, char** argument) {
  if (arguments != 2) {
    std::fprintf(stderr, "usage: seeds FOLDER\n");
    return 1;
  }
  folder = argument[1];
  write_csv_seeds();
  write_npy_seeds<double>();
  write_npy_seeds<float>();
  write_npy_seeds<bool>();
  write_npy_seeds<std::int16_t>();
  write_npy_seeds<std::uint64_t>();
  write_idx_seeds();
  const bf::Scaling scaling(Eigen::MatrixXd::Identity(2, 3).eval());
  write_model_seeds<FuzzMlp>({.input_scaling = scaling,
                              .inputs = {"a", "b"},
                              .outputs = {"c", "d"},
                              .classes = {"no", "yes"}});
  write_model_seeds<FuzzRnn>({});
  write_model_seeds<FuzzText>({});
  write_checkpoint_seed();
}
