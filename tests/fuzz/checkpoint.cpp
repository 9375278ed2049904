// SPDX-License-Identifier: MIT
#include "backfold/io/checkpoint.hpp"
#include "../byte_visitor.hpp"
#include "fuzz.hpp"
#include "networks.hpp"

namespace bf = backfold;

namespace {

std::string state_of(FuzzTraining& run) {
  return bytes_of(run.training, run.training.optimizer_state(), run.stop);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  write_file(fuzz_path(), text_of(data, size));
  FuzzTraining run;
  const std::string before = state_of(run);
  bf::Checkpoint checkpoint(fuzz_path(), 1, run.stop);
  if (!accepts([&] { (void)checkpoint.begin(run.training); })) {
    require(state_of(run) == before, "a refused checkpoint changes nothing");
  }
  accepts([&] { (void)run.training.run(1, run.stop); });
  return 0;
}
