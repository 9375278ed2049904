// SPDX-License-Identifier: MIT
#include "backfold/io/checkpoint.hpp"
#include "networks.hpp"
#include "safetensors_mutator.hpp"

namespace bf = backfold;

namespace {

/// Appends the bytes of the values that it visits.
struct ByteVisitor {
  std::string& all;
  template <class T>
  void operator()(const char*, const T* numbers, bf::Index count) const {
    all.append(reinterpret_cast<const char*>(numbers), std::size_t(count) * sizeof(T));
  }
  void operator()(const char*, const std::vector<double>& numbers) const {
    (*this)("", numbers.data(), bf::Index(numbers.size()));
  }
};

std::string bytes_of(FuzzTraining& run) {
  std::string all;
  run.training.for_each_value(ByteVisitor{all});
  run.training.optimizer_state().for_each_value(ByteVisitor{all});
  run.stop.for_each_value(ByteVisitor{all});
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  write_file(fuzz_path(), text_of(data, size));
  FuzzTraining run;
  const std::string before = bytes_of(run);
  bf::Checkpoint checkpoint(fuzz_path(), 1, run.stop);
  if (!accepts([&] { (void)checkpoint.begin(run.training); })) {
    require(bytes_of(run) == before, "a refused checkpoint changes nothing");
  }
  accepts([&] { (void)run.training.run(1, run.stop); });
  return 0;
}
